// SPDX-License-Identifier: Apache-2.0
// usage: node aedes.js PORT   An MQTT 3.1.1 broker (aedes) on 127.0.0.1. "kick ID" on stdin closes a client.
'use strict'

const net = require('net')
const path = require('path')
const aedes = require(path.join(process.cwd(), 'node_modules', 'aedes'))()
const lines = require('readline').createInterface({ input: process.stdin })

net.createServer(aedes.handle).listen(Number(process.argv[2]), '127.0.0.1')
lines.on('line', line => {
  const [word, id] = line.split(' ')
  if (word === 'kick' && aedes.clients[id]) aedes.clients[id].conn.destroy()
})
