# SPDX-License-Identifier: Apache-2.0
"""usage: foreign_pymodbus.py tcp|rtu-tcp PORT FILE, or rtu PATH FILE: serves the words and bits of FILE by pymodbus."""
import json
import sys

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.server import StartSerialServer, StartTcpServer
from pymodbus.transaction import ModbusRtuFramer, ModbusSocketFramer

how, where, path = sys.argv[1:]
with open(path, encoding="utf-8") as f:
    data = json.load(f)
unit = ModbusSlaveContext(
    di=ModbusSequentialDataBlock(0, data["discrete"]), co=ModbusSequentialDataBlock(0, data["coils"]),
    hr=ModbusSequentialDataBlock(0, data["holding"]), ir=ModbusSequentialDataBlock(0, data["input"]),
    zero_mode=True)
context = ModbusServerContext(slaves={3: unit}, single=False)
if how == "rtu":
    StartSerialServer(context=context, framer=ModbusRtuFramer, port=where, baudrate=19200, timeout=0.005)
else:
    StartTcpServer(context=context, framer=ModbusRtuFramer if how == "rtu-tcp" else ModbusSocketFramer,
                   address=("127.0.0.1", int(where)))
