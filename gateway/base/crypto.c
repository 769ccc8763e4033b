/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crypto.h"

#include "base/buf.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_FILE_MAX 8192 /* a PKCS#8 PEM of Ed25519 has some 120 bytes */
#define SHA256_SIZE  32

struct gw_key {
    EVP_PKEY *pkey;
    bool private;
    uint8_t raw[GW_PUB_SIZE];
    char kid[GW_KID_SIZE];
};

/* ---- digests ---- */

enum gw_status gw_sha256_hex(const void *data, size_t n, char out[GW_SHA256_HEX])
{
    static const char hex[] = "0123456789abcdef";

    unsigned char md[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (EVP_Digest(n > 0 ? data : "", n, md, &len, EVP_sha256(), NULL) != 1 || len != SHA256_SIZE) {
        ERR_clear_error();
        return GW_E_IO;
    }
    for (size_t i = 0; i < SHA256_SIZE; i++) {
        out[2 * i] = hex[md[i] >> 4];
        out[2 * i + 1] = hex[md[i] & 0x0Fu];
    }
    out[GW_SHA256_HEX - 1] = '\0';
    return GW_OK;
}

/* ---- keys in memory ---- */

/* Takes pkey, also when it fails. */
static enum gw_status wrap(EVP_PKEY *pkey, bool private, struct gw_key **out)
{
    enum gw_status status = GW_E_NOMEM;
    struct gw_key *key = calloc(1, sizeof *key);
    if (key == NULL) {
        EVP_PKEY_free(pkey);
        return status;
    }
    key->pkey = pkey;
    key->private = private;

    size_t len = 0;
    char hex[GW_SHA256_HEX];
    if (EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, key->raw, sizeof key->raw,
                                        &len) != 1 ||
        len != sizeof key->raw) {
        ERR_clear_error();
        status = GW_E_PARSE;
        goto out;
    }
    status = gw_sha256_hex(key->raw, sizeof key->raw, hex);
    if (status != GW_OK)
        goto out;
    memcpy(key->kid, hex, GW_KID_SIZE - 1);
    *out = key;
    key = NULL;

out:
    gw_key_free(key);
    return status;
}

void gw_key_free(struct gw_key *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->pkey);
    free(key);
}

enum gw_status gw_key_public(const uint8_t raw[GW_PUB_SIZE], struct gw_key **out,
                             struct gw_err *err)
{
    uint8_t bytes[GW_PUB_SIZE]; /* the parameter wants memory that it could write to */
    memcpy(bytes, raw, sizeof bytes);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, bytes, sizeof bytes),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "ED25519", NULL);
    bool made = ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
                EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) == 1;
    EVP_PKEY_CTX_free(ctx);
    if (!made) {
        ERR_clear_error();
        return gw_err_set(err, GW_E_PARSE, "not an Ed25519 public key");
    }
    enum gw_status status = wrap(pkey, false, out);
    if (status != GW_OK)
        return gw_err_set(err, status, "public key: %s", gw_status_name(status));
    return GW_OK;
}

const char *gw_key_id(const struct gw_key *key)
{
    return key->kid;
}

void gw_key_raw(const struct gw_key *key, uint8_t out[GW_PUB_SIZE])
{
    memcpy(out, key->raw, sizeof key->raw);
}

char *gw_key_pem(const struct gw_key *key)
{
    char *out = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio != NULL && PEM_write_bio_PUBKEY(bio, key->pkey) == 1) {
        char *text = NULL;
        long n = BIO_get_mem_data(bio, &text);
        if (n > 0)
            out = strndup(text, (size_t)n);
    }
    BIO_free(bio);
    ERR_clear_error();
    return out;
}

/* ---- key files ---- */

static enum gw_status fail_errno(struct gw_err *err, const char *path, const char *what)
{
    int error = errno;
    enum gw_status status = GW_E_IO;
    if (error == ENOENT)
        status = GW_E_NOTFOUND;
    else if (error == EACCES || error == EPERM || error == EROFS || error == EEXIST)
        status = GW_E_REFUSED;
    return gw_err_set(err, status, "%s: %s: %s", path, what, strerror(error));
}

/* Never asks at the terminal; an encrypted key is one that we cannot use. */
static int no_passphrase(char *buf, int size, int rwflag, void *arg)
{
    (void)buf;
    (void)size;
    (void)rwflag;
    (void)arg;
    return -1;
}

static EVP_PKEY *parse_private(const char *pem, size_t n)
{
    EVP_PKEY *pkey = NULL;
    BIO *bio = BIO_new_mem_buf(pem, (int)n);
    if (bio != NULL)
        pkey = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    BIO_free(bio);
    if (pkey != NULL && EVP_PKEY_get_id(pkey) != EVP_PKEY_ED25519) {
        EVP_PKEY_free(pkey);
        pkey = NULL;
    }
    ERR_clear_error();
    return pkey;
}

struct key_text {
    char pem[KEY_FILE_MAX];
    size_t len; /* all of pem: the file is longer */
};

/* Reads the whole of a file; a secret one must be the owner's alone. */
static enum gw_status read_key(const char *path, bool secret, struct key_text *out,
                               struct gw_err *err)
{
    enum gw_status status = GW_OK;
    struct stat st;
    size_t got = 0;

    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return fail_errno(err, path, "cannot be opened");
    if (fstat(fd, &st) != 0) {
        status = fail_errno(err, path, "cannot be read");
        goto out;
    }
    if (!S_ISREG(st.st_mode)) {
        status = gw_err_set(err, GW_E_PARSE, "%s: is not a file", path);
        goto out;
    }
    if (secret && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        status = gw_err_set(err, GW_E_REFUSED,
                            "%s: others may use this private key (mode %04o); chmod 600 it", path,
                            (unsigned)(st.st_mode & 07777u));
        goto out;
    }
    while (got < sizeof out->pem) {
        ssize_t n = read(fd, out->pem + got, sizeof out->pem - got);
        if (n == 0)
            break;
        if (n < 0 && errno != EINTR) {
            status = fail_errno(err, path, "cannot be read");
            goto out;
        }
        if (n > 0)
            got += (size_t)n;
    }
    out->len = got;

out:
    close(fd);
    return status;
}

enum gw_status gw_key_load(const char *path, struct gw_key **out, struct gw_err *err)
{
    struct key_text text = {.len = 0};
    enum gw_status status = read_key(path, true, &text, err);
    if (status != GW_OK)
        goto out;

    EVP_PKEY *pkey = text.len < sizeof text.pem ? parse_private(text.pem, text.len) : NULL;
    if (pkey == NULL) {
        status = gw_err_set(err, GW_E_PARSE, "%s: is not an Ed25519 private key in PEM", path);
        goto out;
    }
    status = wrap(pkey, true, out);
    if (status != GW_OK)
        gw_err_set(err, status, "%s: %s", path, gw_status_name(status));

out:
    OPENSSL_cleanse(&text, sizeof text);
    return status;
}

static EVP_PKEY *parse_public(const char *pem, size_t n)
{
    EVP_PKEY *pkey = NULL;
    BIO *bio = BIO_new_mem_buf(pem, (int)n);
    if (bio != NULL)
        pkey = PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL);
    BIO_free(bio);
    if (pkey != NULL && EVP_PKEY_get_id(pkey) != EVP_PKEY_ED25519) {
        EVP_PKEY_free(pkey);
        pkey = NULL;
    }
    ERR_clear_error();
    return pkey;
}

enum gw_status gw_key_public_load(const char *path, struct gw_key **out, struct gw_err *err)
{
    struct key_text text = {.len = 0};
    enum gw_status status = read_key(path, false, &text, err);
    if (status != GW_OK)
        return status;
    EVP_PKEY *pkey = text.len < sizeof text.pem ? parse_public(text.pem, text.len) : NULL;
    OPENSSL_cleanse(&text, sizeof text); /* somebody may name a private key here */
    if (pkey == NULL)
        return gw_err_set(err, GW_E_PARSE, "%s: is not an Ed25519 public key in PEM", path);
    status = wrap(pkey, false, out);
    if (status != GW_OK)
        gw_err_set(err, status, "%s: %s", path, gw_status_name(status));
    return status;
}

static bool write_full(int fd, const char *data, size_t n)
{
    while (n > 0) {
        ssize_t w = write(fd, data, n);
        if (w < 0 && errno != EINTR)
            return false;
        if (w > 0) {
            data += w;
            n -= (size_t)w;
        }
    }
    return true;
}

/* A new file of mode 0600 with these bytes, on the disk. */
static enum gw_status write_new(const char *path, const char *data, size_t n, struct gw_err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail_errno(err, path, "cannot be made");
    enum gw_status status = GW_OK;
    if (!write_full(fd, data, n) || fsync(fd) != 0)
        status = fail_errno(err, path, "cannot be written");
    if (close(fd) != 0 && status == GW_OK)
        status = fail_errno(err, path, "cannot be written");
    if (status != GW_OK)
        unlink(path);
    return status;
}

/* Makes a change of names in the folder of path last. */
static enum gw_status sync_folder(const char *path, struct gw_err *err)
{
    const char *slash = strrchr(path, '/');
    size_t n = slash == path ? 1 : (size_t)(slash != NULL ? slash - path : 0);
    char *dir = n > 0 ? strndup(path, n) : strdup(".");
    if (dir == NULL)
        return gw_err_set(err, GW_E_NOMEM, "%s: out of memory", path);

    enum gw_status status = GW_OK;
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        status = fail_errno(err, dir, "cannot be synced");
    if (fd >= 0)
        close(fd);
    free(dir);
    return status;
}

/* Writes under a name of its own and links it: a power cut leaves the whole key or none, and
 * link(2) never replaces a file. */
static enum gw_status write_key_file(const char *path, const char *data, size_t n,
                                     struct gw_err *err)
{
    struct gw_buf name;
    gw_buf_init(&name, SIZE_MAX);
    gw_buf_printf(&name, "%s.new", path);
    char *temp = gw_buf_take(&name, NULL);
    if (temp == NULL) {
        gw_buf_free(&name);
        return gw_err_set(err, GW_E_NOMEM, "%s: out of memory", path);
    }
    unlink(temp); /* left by a power cut; no key in use is ever called so */
    enum gw_status status = write_new(temp, data, n, err);
    if (status == GW_OK) {
        if (link(temp, path) != 0)
            status = fail_errno(err, path, "cannot be made");
        unlink(temp);
    }
    if (status == GW_OK)
        status = sync_folder(path, err);
    free(temp);
    return status;
}

enum gw_status gw_key_save_public(const struct gw_key *key, const char *path, struct gw_err *err)
{
    enum gw_status status = GW_OK;
    char *pem = gw_key_pem(key);
    FILE *f = pem != NULL ? fopen(path, "we") : NULL;
    if (pem == NULL)
        status = gw_err_set(err, GW_E_NOMEM, "%s: out of memory", path);
    else if (f == NULL || fputs(pem, f) == EOF)
        status = fail_errno(err, path, "cannot be written");
    if (f != NULL && fclose(f) != 0 && status == GW_OK)
        status = fail_errno(err, path, "cannot be written");
    free(pem);
    return status;
}

enum gw_status gw_key_create(const char *path, struct gw_key **out, struct gw_err *err)
{
    enum gw_status status = GW_OK;
    struct gw_key *key = NULL;
    char *pem = NULL;
    BIO *bio = BIO_new(BIO_s_secmem());
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    if (bio == NULL || pkey == NULL ||
        PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL) != 1) {
        EVP_PKEY_free(pkey);
        status = gw_err_set(err, GW_E_IO, "%s: the crypto library cannot make a key", path);
        goto out;
    }
    status = wrap(pkey, true, &key);
    if (status != GW_OK) {
        gw_err_set(err, status, "%s: %s", path, gw_status_name(status));
        goto out;
    }
    long n = BIO_get_mem_data(bio, &pem);
    status = write_key_file(path, pem, (size_t)n, err);
    if (status != GW_OK)
        goto out;
    *out = key;
    key = NULL;

out:
    gw_key_free(key);
    BIO_free(bio);
    ERR_clear_error();
    return status;
}

/* ---- signatures ---- */

/* domain and message in one piece, as Ed25519 wants them. */
static bool join(struct gw_buf *all, const char *domain, const void *msg, size_t n)
{
    gw_buf_init(all, SIZE_MAX);
    gw_buf_str(all, domain);
    gw_buf_put(all, msg, n);
    return !all->failed;
}

/* Without its end mark one domain could be the beginning of another. */
static bool domain_ok(const char *domain)
{
    size_t n = strlen(domain);
    return n > 1 && strchr(domain, '\n') == domain + n - 1;
}

enum gw_status gw_key_sign(const struct gw_key *key, const char *domain, const void *msg, size_t n,
                           uint8_t sig[GW_SIG_SIZE])
{
    if (!key->private || !domain_ok(domain))
        return GW_E_INVAL;

    enum gw_status status = GW_E_NOMEM;
    uint8_t made[GW_SIG_SIZE];
    size_t made_len = sizeof made;
    struct gw_buf all;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (!join(&all, domain, msg, n) || ctx == NULL)
        goto out;
    status = GW_E_IO;
    if (EVP_DigestSignInit(ctx, NULL, NULL, NULL, key->pkey) == 1 &&
        EVP_DigestSign(ctx, made, &made_len, (const unsigned char *)all.data, all.len) == 1 &&
        made_len == GW_SIG_SIZE) {
        memcpy(sig, made, sizeof made);
        status = GW_OK;
    }

out:
    EVP_MD_CTX_free(ctx);
    gw_buf_free(&all);
    ERR_clear_error();
    return status;
}

bool gw_key_verify(const struct gw_key *key, const char *domain, const void *msg, size_t n,
                   const uint8_t sig[GW_SIG_SIZE])
{
    if (!domain_ok(domain))
        return false;

    bool good = false;
    struct gw_buf all;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (join(&all, domain, msg, n) && ctx != NULL &&
        EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key->pkey) == 1)
        good =
            EVP_DigestVerify(ctx, sig, GW_SIG_SIZE, (const unsigned char *)all.data, all.len) == 1;
    EVP_MD_CTX_free(ctx);
    gw_buf_free(&all);
    ERR_clear_error();
    return good;
}

/* ---- base64url, random ---- */

static const char base64url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void gw_base64url(const uint8_t *data, size_t n, char *out, size_t out_size)
{
    size_t need = n / 3 * 4 + (n % 3 > 0 ? n % 3 + 1 : 0) + 1;
    assert(out_size >= need);
    if (out_size < need) {
        if (out_size > 0)
            out[0] = '\0';
        return;
    }
    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i < 3 ? n - i : 3;
        uint32_t group = (uint32_t)data[i] << 16;
        if (left > 1)
            group |= (uint32_t)data[i + 1] << 8;
        if (left > 2)
            group |= data[i + 2];
        for (size_t k = 0; k <= left; k++)
            *out++ = base64url[group >> (18 - 6 * k) & 0x3Fu];
    }
    *out = '\0';
}

/* The value of a digit, or 64 for a foreign character. */
static uint32_t digit(char c)
{
    const char *at = c != '\0' ? strchr(base64url, c) : NULL;
    return at != NULL ? (uint32_t)(at - base64url) : 64;
}

enum gw_status gw_base64url_decode(const char *text, size_t n, uint8_t *out, size_t out_size,
                                   size_t *out_len)
{
    size_t tail = n % 4;
    size_t len = n / 4 * 3 + (tail > 0 ? tail - 1 : 0);
    if (tail == 1)
        return GW_E_PARSE;

    /* All is looked at before anything is written. */
    for (size_t i = 0; i < n; i++)
        if (digit(text[i]) == 64)
            return GW_E_PARSE;
    /* Bits that stand for nothing must be 0, or two texts would mean one signature. */
    uint32_t spare = tail == 2 ? 0x0Fu : tail == 3 ? 0x03u : 0;
    if (n > 0 && (digit(text[n - 1]) & spare) != 0)
        return GW_E_PARSE;
    if (len > out_size)
        return GW_E_FULL;

    uint32_t bits = 0;
    unsigned held = 0;
    size_t written = 0;
    for (size_t i = 0; i < n; i++) {
        bits = bits << 6 | digit(text[i]);
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[written++] = (uint8_t)(bits >> held & 0xFFu);
        }
    }
    *out_len = written;
    return GW_OK;
}

enum gw_status gw_pbkdf2_sha256(const char *password, const uint8_t *salt, size_t salt_size,
                                unsigned rounds, uint8_t out[32])
{
    if (rounds == 0 || rounds > INT_MAX || salt_size > INT_MAX)
        return GW_E_INVAL;
    return PKCS5_PBKDF2_HMAC(password, -1, salt, (int)salt_size, (int)rounds, EVP_sha256(), 32,
                             out) == 1
               ? GW_OK
               : GW_E_NOMEM;
}

bool gw_same_bytes(const void *a, const void *b, size_t n)
{
    return CRYPTO_memcmp(a, b, n) == 0;
}

enum gw_status gw_random(void *out, size_t n)
{
    unsigned char *p = out;
    while (n > 0) {
        ssize_t got = getrandom(p, n, 0);
        if (got < 0 && errno != EINTR)
            return GW_E_IO;
        if (got > 0) {
            p += got;
            n -= (size_t)got;
        }
    }
    return GW_OK;
}
