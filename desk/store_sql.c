/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/store_sql.h"

#define ROW                                                                                        \
    "SELECT gateway, chain, seq, id, cls, case_id, finding, kind, state, county, hash,"            \
    " received_ms, wire, broken FROM records "

const char *const gw_desk_sql[SQL_COUNTED] = {
    [SQL_PUT] =
        "INSERT INTO records(gateway, chain, seq, id, hash, prev, cls, case_id, finding, kind,"
        " state, county, about, received_ms, wire, broken)"
        " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,0)"
        " ON CONFLICT DO NOTHING",
    [SQL_HASH] = "SELECT hash FROM records WHERE gateway=?1 AND chain=?2 AND seq=?3",
    [SQL_FORK] = "INSERT INTO forks(gateway, chain, seq, hash, received_ms, wire)"
                 " VALUES(?1,?2,?3,?4,?5,?6) ON CONFLICT DO NOTHING",
    [SQL_NEXT] = "SELECT hash, prev FROM records WHERE gateway=?1 AND chain=?2 AND seq=?3",
    [SQL_CHAIN] = "SELECT whole, hash, highest, told, broken, count FROM chains"
                  " WHERE gateway=?1 AND chain=?2",
    [SQL_CHAIN_NEW] =
        "INSERT INTO chains(gateway, chain, whole, hash, highest, told, broken, count)"
        " VALUES(?1,?2,0,?3,0,0,0,0) ON CONFLICT DO NOTHING",
    [SQL_CHAIN_SET] = "UPDATE chains SET whole=?3, hash=?4 WHERE gateway=?1 AND chain=?2",
    [SQL_COUNT] = "UPDATE chains SET count=count+1, highest=max(highest,?3)"
                  " WHERE gateway=?1 AND chain=?2",
    [SQL_TOLD] = "UPDATE chains SET told=max(told,?3) WHERE gateway=?1 AND chain=?2",
    [SQL_BROKEN] = "UPDATE records SET broken=1 WHERE gateway=?1 AND chain=?2 AND seq=?3",
    [SQL_PREV_OF] = "UPDATE chains SET broken=?3 WHERE gateway=?1 AND chain=?2 AND broken=0",
    [SQL_EXPORT] = ROW "WHERE gateway=?1 ORDER BY (SELECT c.rowid FROM chains c WHERE"
                       " c.gateway=records.gateway AND c.chain=records.chain), seq",
    /* An index of some rows only is used where the query says that it wants no others. */
    [SQL_CASE] = ROW "WHERE gateway=?1 AND case_id=?2 AND case_id<>'' AND cls IN ('alarm','lead')"
                     " ORDER BY received_ms, seq",
    [SQL_LEADS] = ROW "WHERE cls='lead' AND county=?1 ORDER BY received_ms DESC, seq DESC LIMIT ?2",
    [SQL_LEADS_ALL] = ROW "WHERE cls='lead' ORDER BY received_ms DESC, seq DESC LIMIT ?1",
    /* As the index below has it; within a JSON text the quotes would be escaped. */
    [SQL_PROOFS] = ROW "WHERE gateway=?1 AND cls='command' AND instr(wire, '\"command\":\"proof\"')"
                       " ORDER BY received_ms DESC, seq DESC LIMIT ?2",
    [SQL_RECORD] = ROW "WHERE gateway=?1 AND id=?2",
    [SQL_EVIDENCE] =
        ROW "WHERE gateway=?1 AND about=?2 AND about<>'' AND cls='evidence' ORDER BY seq DESC"
            " LIMIT 1",
    [SQL_PUT_WINDOW] = "INSERT INTO windows(gateway, sha256, record, bytes) VALUES(?1,?2,?3,?4)"
                       " ON CONFLICT DO NOTHING",
    [SQL_WINDOW] = "SELECT bytes FROM windows WHERE gateway=?1 AND sha256=?2",
    [SQL_PUT_DOC] = "INSERT INTO documents(gateway, name, text) VALUES(?1,?2,?3)"
                    " ON CONFLICT DO UPDATE SET text=excluded.text",
    [SQL_DOC] = "SELECT text FROM documents WHERE gateway=?1 AND name=?2",
    [SQL_SEEN] = "INSERT INTO gateways(id, seen_ms) VALUES(?1,?2)"
                 " ON CONFLICT DO UPDATE SET seen_ms=max(seen_ms,excluded.seen_ms)",
    [SQL_REFUSED] = "INSERT INTO gateways(id, refused, fault) VALUES(?1,1,?2)"
                    " ON CONFLICT DO UPDATE SET refused=refused+1, fault=excluded.fault",
    [SQL_AGAIN] = "INSERT INTO gateways(id, again) VALUES(?1,1)"
                  " ON CONFLICT DO UPDATE SET again=again+1",
    [SQL_FORKED] = "INSERT INTO gateways(id, forked) VALUES(?1,1)"
                   " ON CONFLICT DO UPDATE SET forked=forked+1",
    [SQL_GATEWAYS] = "SELECT id, seen_ms, again, refused, forked, fault FROM gateways ORDER BY id",
    [SQL_CHAINS] = "SELECT chain, whole, hash, highest, told, broken, count FROM chains"
                   " WHERE gateway=?1 ORDER BY rowid",
    [SQL_COUNTIES] = "SELECT DISTINCT county FROM records WHERE cls='lead' ORDER BY county",
    [SQL_NUMBER] = "INSERT INTO numbers(gateway, name, last) VALUES(?1,?2,?3)"
                   " ON CONFLICT DO UPDATE SET last=max(last+1,excluded.last) RETURNING last",
    [SQL_ASKED] = "INSERT INTO asked(gateway, hash, name, subject, command, reply, at_ms)"
                  " VALUES(?1,?2,?3,?4,?5,'',?6) ON CONFLICT DO NOTHING",
    [SQL_ANSWERED] = "UPDATE asked SET reply=?3 WHERE gateway=?1 AND hash=?2",
    [SQL_EACH_ASKED] = "SELECT name, subject, command, reply, at_ms FROM asked"
                       " WHERE gateway=?1 AND subject=?2 ORDER BY at_ms",
    [SQL_AWAIT] = "INSERT INTO awaited(gateway, chain, seq, hash, about, sha256, since_ms)"
                  " VALUES(?1,?2,?3,?4,?5,?6,?7) ON CONFLICT DO NOTHING",
    [SQL_AWAITED] = "SELECT EXISTS(SELECT 1 FROM windows WHERE gateway=?1 AND sha256=?4),"
                    " ifnull((SELECT missing FROM awaited WHERE gateway=?1 AND chain=?2 AND"
                    " seq=?3), 0)",
    /* The one that has come, is to be given up, or is to be asked for, in that order. */
    [SQL_DUE] =
        "SELECT gateway, chain, seq, hash, about, CASE"
        " WHEN EXISTS(SELECT 1 FROM windows w WHERE w.gateway=a.gateway AND w.sha256=a.sha256)"
        " THEN 0 WHEN missing=0 AND since_ms<=?1 THEN 1"
        " WHEN asked=0 AND missing=0 AND ?3 AND (doubt OR since_ms<=?2) THEN 2 END AS what,"
        " missing FROM awaited a WHERE what IS NOT NULL ORDER BY what, since_ms LIMIT 1",
    [SQL_LATER] = "UPDATE awaited SET since_ms=?1 WHERE since_ms>?1",
    [SQL_AWAIT_SET] = "UPDATE awaited SET asked=max(asked,?4), missing=max(missing,?5)"
                      " WHERE gateway=?1 AND chain=?2 AND seq=?3",
    [SQL_AWAIT_DROP] = "DELETE FROM awaited WHERE gateway=?1 AND chain=?2 AND seq=?3",
    [SQL_DOUBT] = "UPDATE awaited SET doubt=1 WHERE gateway=?1 AND about=?2 AND sha256<>?3",
    [SQL_MISSING] = "SELECT missing FROM awaited WHERE gateway=?1 AND sha256=?2",
};

const char gw_desk_schema[] =
    "CREATE TABLE IF NOT EXISTS records(gateway TEXT NOT NULL, chain TEXT NOT NULL,"
    " seq INTEGER NOT NULL, id TEXT NOT NULL, hash TEXT NOT NULL, prev TEXT NOT NULL,"
    " cls TEXT NOT NULL, case_id TEXT NOT NULL, finding TEXT NOT NULL, kind TEXT NOT NULL,"
    " state TEXT NOT NULL, county TEXT NOT NULL, about TEXT NOT NULL, received_ms INTEGER NOT NULL,"
    " wire TEXT NOT NULL, broken INTEGER NOT NULL, PRIMARY KEY(gateway, chain, seq)) STRICT;"
    "CREATE INDEX IF NOT EXISTS by_case ON records(gateway, case_id) WHERE case_id<>'';"
    "CREATE INDEX IF NOT EXISTS by_id ON records(gateway, id);"
    "CREATE INDEX IF NOT EXISTS by_about ON records(gateway, about) WHERE about<>'';"
    "CREATE INDEX IF NOT EXISTS by_county ON records(county, received_ms) WHERE cls='lead';"
    "CREATE INDEX IF NOT EXISTS by_arrival ON records(received_ms, seq) WHERE cls='lead';"
    "CREATE INDEX IF NOT EXISTS by_proof ON records(gateway, received_ms)"
    " WHERE cls='command' AND instr(wire, '\"command\":\"proof\"');"
    "CREATE TABLE IF NOT EXISTS forks(gateway TEXT NOT NULL, chain TEXT NOT NULL,"
    " seq INTEGER NOT NULL, hash TEXT NOT NULL, received_ms INTEGER NOT NULL, wire TEXT NOT NULL,"
    " PRIMARY KEY(gateway, chain, seq, hash)) STRICT;"
    "CREATE TABLE IF NOT EXISTS chains(gateway TEXT NOT NULL, chain TEXT NOT NULL,"
    " whole INTEGER NOT NULL, hash TEXT NOT NULL, highest INTEGER NOT NULL, told INTEGER NOT NULL,"
    " broken INTEGER NOT NULL, count INTEGER NOT NULL, UNIQUE(gateway, chain)) STRICT;"
    "CREATE TABLE IF NOT EXISTS windows(gateway TEXT NOT NULL, sha256 TEXT NOT NULL,"
    " record TEXT NOT NULL, bytes TEXT NOT NULL, PRIMARY KEY(gateway, sha256)) STRICT;"
    "CREATE TABLE IF NOT EXISTS documents(gateway TEXT NOT NULL, name TEXT NOT NULL,"
    " text TEXT NOT NULL, PRIMARY KEY(gateway, name)) STRICT;"
    "CREATE TABLE IF NOT EXISTS gateways(id TEXT PRIMARY KEY, seen_ms INTEGER NOT NULL DEFAULT 0,"
    " again INTEGER NOT NULL DEFAULT 0, refused INTEGER NOT NULL DEFAULT 0,"
    " forked INTEGER NOT NULL DEFAULT 0, fault TEXT NOT NULL DEFAULT '') STRICT;"
    "CREATE TABLE IF NOT EXISTS numbers(gateway TEXT NOT NULL, name TEXT NOT NULL,"
    " last INTEGER NOT NULL, PRIMARY KEY(gateway, name)) STRICT;"
    "CREATE TABLE IF NOT EXISTS asked(gateway TEXT NOT NULL, hash TEXT NOT NULL, name TEXT NOT "
    "NULL,"
    " subject TEXT NOT NULL, command TEXT NOT NULL, reply TEXT NOT NULL, at_ms INTEGER NOT NULL,"
    " PRIMARY KEY(gateway, hash)) STRICT;"
    "CREATE INDEX IF NOT EXISTS by_subject ON asked(gateway, subject);"
    "CREATE TABLE IF NOT EXISTS awaited(gateway TEXT NOT NULL, chain TEXT NOT NULL,"
    " seq INTEGER NOT NULL, hash TEXT NOT NULL, about TEXT NOT NULL, sha256 TEXT NOT NULL,"
    " since_ms INTEGER NOT NULL, doubt INTEGER NOT NULL DEFAULT 0,"
    " asked INTEGER NOT NULL DEFAULT 0, missing INTEGER NOT NULL DEFAULT 0,"
    " PRIMARY KEY(gateway, chain, seq)) STRICT;"
    "CREATE INDEX IF NOT EXISTS by_window ON awaited(gateway, sha256);"
    "CREATE INDEX IF NOT EXISTS by_record ON awaited(gateway, about);";
