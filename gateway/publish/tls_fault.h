/* SPDX-License-Identifier: Apache-2.0
 *
 * tls_fault: what a failed TLS handshake means, in words that tell a technician what to mend.
 *
 * OpenSSL says "certificate verify failed" for a dozen faults; which of them it was stands in the
 * connection, for as long as that lives, and what the other side objected to in its alert. Pure;
 * any thread. Only for this folder.
 */
#ifndef GW_PUBLISH_TLS_FAULT_H
#define GW_PUBLISH_TLS_FAULT_H

#include <stddef.h>

/* verify: X509_V_..., the verdict on the other side's certificate. code: OpenSSL's packed error, 0
 * for none. The text is static; NULL when neither says anything that has a text. */
const char *gw_tls_fault(long verify, unsigned long code);

/* The packed error in OpenSSL's own line "... error:0A000086:SSL routines::..."; 0: there is none.
 */
unsigned long gw_tls_fault_code(const char *line);

/* The verdict on the other side's certificate; ssl is an SSL *, NULL gives X509_V_OK. */
long gw_tls_verdict(const void *ssl);

#endif
