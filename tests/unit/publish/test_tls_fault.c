/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/tls_fault.h"

#include "support/cmocka_all.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <string.h>

static void test_each_verdict_has_words(void **state)
{
    static const struct {
        long verify;
        const char *word;
    } rows[] = {
        {X509_V_ERR_CERT_HAS_EXPIRED, "expired"},
        {X509_V_ERR_CERT_NOT_YET_VALID, "clock"},
        {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "trusted CA"},
        {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "trusted CA"},
        {X509_V_ERR_HOSTNAME_MISMATCH, "another host name"},
        {X509_V_ERR_INVALID_PURPOSE, "for a server"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *text = gw_tls_fault(rows[i].verify, 0);
        assert_non_null(text);
        assert_non_null(strstr(text, rows[i].word));
    }
    assert_null(gw_tls_fault(X509_V_OK, 0));
    assert_null(gw_tls_fault(X509_V_ERR_OUT_OF_MEM, 0));
    assert_null(gw_tls_fault(-1, ~0ul));
}

static void test_the_line_of_openssl_is_read(void **state)
{
    char text[128], line[160];
    (void)state;
    const unsigned long code = ERR_PACK(ERR_LIB_SSL, 0, SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED);
    ERR_error_string_n(code, text, sizeof text);
    snprintf(line, sizeof line, "OpenSSL Error[0]: %s", text);
    assert_int_equal(gw_tls_fault_code(line), code);
    assert_non_null(strstr(gw_tls_fault(X509_V_OK, code), "revoked"));
    assert_int_equal(gw_tls_fault_code("Error: host name verification failed."), 0);
    assert_int_equal(gw_tls_fault_code("error:"), 0);
    assert_int_equal(gw_tls_fault_code("error:xyz"), 0);
    assert_int_equal(gw_tls_fault_code("error:FFFFFFFFFFFFFFFFFFFFFFFF:"), 0);
    /* The number of another library is not one of TLS. */
    assert_null(gw_tls_fault(X509_V_OK, ERR_PACK(ERR_LIB_X509, 0, 1045)));
    assert_int_equal(gw_tls_verdict(NULL), X509_V_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_verdict_has_words),
        cmocka_unit_test(test_the_line_of_openssl_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
