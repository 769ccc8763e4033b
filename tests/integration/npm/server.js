// SPDX-License-Identifier: Apache-2.0
// usage: node server.js PORT FILE   Serves the words and bits of FILE by jsmodbus on 127.0.0.1.
'use strict'

const fs = require('fs')
const net = require('net')
const path = require('path')
const modbus = require(path.join(process.cwd(), 'node_modules', 'jsmodbus'))

const [port, file] = process.argv.slice(2)
const data = JSON.parse(fs.readFileSync(file, 'utf8'))

function words (list) {
  const bytes = Buffer.alloc(list.length * 2)
  list.forEach((word, i) => bytes.writeUInt16BE(word, i * 2))
  return bytes
}

function bits (list) {
  const bytes = Buffer.alloc(Math.ceil(list.length / 8))
  list.forEach((bit, i) => { bytes[i >> 3] |= bit << (i & 7) })
  return bytes
}

const listener = new net.Server()
const server = new modbus.server.TCP(listener, {
  holding: words(data.holding),
  input: words(data.input),
  coils: bits(data.coils),
  discrete: bits(data.discrete)
})
server.on('error', console.error)
listener.listen(Number(port), '127.0.0.1')
