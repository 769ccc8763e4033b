// SPDX-License-Identifier: Apache-2.0
// usage: node scripted.js PORT   A broker that does what it is told, on mqtt-packet.
//
// Takes one JSON object a line on stdin and writes one a line on stdout for each packet that comes:
//   {"connack": {...}}            the next CONNACKs: fields of mqtt-packet
//   {"puback": {"lead": 135}}     reason codes by the topic's first word below the gateway; "" is all others
//   {"delay": 50}                 milliseconds before each PUBACK
//   {"send": {...}}               a packet, now
//   {"raw": "hex"}                bytes, now
//   {"cut": true}                 the connection, now
'use strict'

const net = require('net')
const path = require('path')
const packets = require(path.join(process.cwd(), 'node_modules', 'mqtt-packet'))

const MQTT5 = { protocolVersion: 5 }
const state = { connack: { reasonCode: 0 }, puback: {}, delay: 0 }
let current = null
const open = new Set()

function tell (what) {
  process.stdout.write(JSON.stringify(what) + '\n')
}

function send (conn, packet) {
  if (!conn.destroyed) conn.write(packets.generate(packet, MQTT5))
}

function serve (conn, p) {
  if (p.cmd === 'connect') {
    current = conn
    tell({ cmd: 'connect', id: p.clientId, version: p.protocolVersion, clean: p.clean, properties: p.properties, will: !!p.will })
    const raw = state.connack.raw
    if (raw) conn.write(Buffer.from(raw, 'hex'))
    else send(conn, { cmd: 'connack', sessionPresent: false, ...state.connack })
    if ((state.connack.reasonCode || 0) >= 0x80) conn.end()
  } else if (p.cmd === 'publish') {
    conn.flying.add(p.messageId)
    conn.most = Math.max(conn.most, conn.flying.size)
    tell({
      cmd: 'publish',
      topic: p.topic,
      size: p.length,
      retain: p.retain,
      properties: p.properties,
      most: conn.most,
      payload: p.payload.toString()
    })
    const word = p.topic.split('/')[3]
    const reasonCode = state.puback[word] ?? state.puback[''] ?? 0
    setTimeout(() => {
      conn.flying.delete(p.messageId)
      send(conn, { cmd: 'puback', messageId: p.messageId, reasonCode })
    }, state.delay)
  } else if (p.cmd === 'subscribe') {
    send(conn, { cmd: 'suback', messageId: p.messageId, granted: p.subscriptions.map(() => 0) })
  } else if (p.cmd === 'pingreq') {
    send(conn, { cmd: 'pingresp' })
  } else {
    tell({ cmd: p.cmd, reason: p.reasonCode })
  }
}

net.createServer(conn => {
  const parser = packets.parser()
  conn.flying = new Set()
  conn.most = 0
  open.add(conn)
  parser.on('packet', p => serve(conn, p))
  parser.on('error', e => { tell({ cmd: 'error', text: String(e) }); conn.destroy() })
  conn.on('data', data => parser.parse(data))
  conn.on('error', () => {})
  conn.on('close', () => { open.delete(conn); tell({ cmd: 'closed' }) })
}).listen(Number(process.argv[2]), '127.0.0.1')

require('readline').createInterface({ input: process.stdin }).on('line', line => {
  const { send: packet, raw, cut, ...rest } = JSON.parse(line)
  Object.assign(state, rest)
  if (packet && current) send(current, packet)
  if (raw && current) current.write(Buffer.from(raw, 'hex'))
  if (cut) for (const conn of open) conn.destroy()
})
