/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/tls_fault.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *verdict_text(long verify)
{
    static const char unknown_ca[] = "the broker's certificate does not lead to a trusted CA (see "
                                     "ca_file)";
    static const struct {
        long verify;
        const char *text;
    } rows[] = {
        {X509_V_ERR_CERT_HAS_EXPIRED, "a certificate of the broker has expired"},
        {X509_V_ERR_CERT_NOT_YET_VALID,
         "a certificate of the broker is not valid yet; is the clock of this gateway right?"},
        {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, unknown_ca},
        {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, unknown_ca},
        {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, unknown_ca},
        {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, unknown_ca},
        {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, unknown_ca},
        {X509_V_ERR_CERT_SIGNATURE_FAILURE, unknown_ca},
        {X509_V_ERR_INVALID_CA, unknown_ca},
        {X509_V_ERR_INVALID_PURPOSE, "the broker's certificate is not one for a server"},
        {X509_V_ERR_HOSTNAME_MISMATCH, "the broker's certificate is for another host name"},
        {X509_V_ERR_IP_ADDRESS_MISMATCH, "the broker's certificate is for another address"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].verify == verify)
            return rows[i].text;
    return NULL;
}

const char *gw_tls_fault(long verify, unsigned long code)
{
    static const struct {
        int reason;
        const char *text;
    } rows[] = {
        {SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED,
         "the broker wants a certificate of this gateway (see cert_file)"},
        {SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED,
         "the broker says that this gateway's certificate is revoked"},
        {SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED,
         "the broker says that this gateway's certificate has expired"},
        {SSL_R_TLSV1_ALERT_UNKNOWN_CA,
         "the broker does not know the CA of this gateway's certificate"},
        {SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, "the broker does not take this gateway's certificate"},
        {SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN,
         "the broker does not take this gateway's certificate"},
        {SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE,
         "the broker says that this gateway's certificate is not one for a client"},
        {SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE,
         "the broker refuses the handshake; does it want a certificate of this gateway?"},
        {SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, "the broker has no TLS 1.2 or newer"},
        {SSL_R_UNSUPPORTED_PROTOCOL, "the broker has no TLS 1.2 or newer"},
        {SSL_R_WRONG_VERSION_NUMBER, "the broker's port does not speak TLS"},
        {SSL_R_UNEXPECTED_EOF_WHILE_READING,
         "the broker hung up during the handshake; does its port speak TLS?"},
    };

    const char *text = verdict_text(verify);
    if (text != NULL || ERR_GET_LIB(code) != ERR_LIB_SSL)
        return text;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].reason == ERR_GET_REASON(code))
            return rows[i].text;
    return NULL;
}

unsigned long gw_tls_fault_code(const char *line)
{
    static const char mark[] = "error:";
    const char *hex = strstr(line, mark);
    if (hex == NULL)
        return 0;
    errno = 0;
    unsigned long code = strtoul(hex + sizeof mark - 1, NULL, 16);
    return errno == 0 ? code : 0;
}

long gw_tls_verdict(const void *ssl)
{
    return ssl != NULL ? SSL_get_verify_result(ssl) : X509_V_OK;
}
