# SPDX-License-Identifier: Apache-2.0
"""The loads of tests/bench/run, one module each; what they share is in common.py."""
