/* SPDX-License-Identifier: Apache-2.0
 *
 * desk/store_sql: the tables of the store and what is asked of them. Only for store.c.
 */
#ifndef GW_DESK_STORE_SQL_H
#define GW_DESK_STORE_SQL_H

enum gw_desk_sql {
    SQL_PUT,
    SQL_HASH,
    SQL_FORK,
    SQL_NEXT,
    SQL_CHAIN,
    SQL_CHAIN_NEW,
    SQL_CHAIN_SET,
    SQL_COUNT,
    SQL_TOLD,
    SQL_BROKEN,
    SQL_PREV_OF,
    SQL_EXPORT,
    SQL_CASE,
    SQL_LEADS,
    SQL_LEADS_ALL,
    SQL_PROOFS,
    SQL_RECORD,
    SQL_EVIDENCE,
    SQL_PUT_WINDOW,
    SQL_WINDOW,
    SQL_PUT_DOC,
    SQL_DOC,
    SQL_SEEN,
    SQL_REFUSED,
    SQL_AGAIN,
    SQL_FORKED,
    SQL_GATEWAYS,
    SQL_CHAINS,
    SQL_COUNTIES,
    SQL_NUMBER,
    SQL_ASKED,
    SQL_ANSWERED,
    SQL_EACH_ASKED,
    SQL_AWAIT,
    SQL_AWAITED,
    SQL_DUE,
    SQL_LATER,
    SQL_AWAIT_SET,
    SQL_AWAIT_DROP,
    SQL_DOUBT,
    SQL_MISSING,
    SQL_COUNTED
};

extern const char *const gw_desk_sql[SQL_COUNTED];
extern const char gw_desk_schema[]; /* leaves what is there */

#endif
