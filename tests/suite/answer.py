"""Runs a program on a terminal of its own, answers its one question, and ends with its exit code.

Arguments: a pattern of the question, the answer, the program and its arguments.
"""
import sys

try:
    import pexpect
except ImportError:
    sys.exit("needs pexpect: apt-get install python3-pexpect, or tests/run")

question, answer, program, *arguments = sys.argv[1:]
child = pexpect.spawn(program, arguments, encoding="utf-8", timeout=60, dimensions=(24, 200))
child.expect(question)
# A program that asks without showing the answer turns echo off first.
child.waitnoecho()
child.sendline(answer)
child.expect(pexpect.EOF)
print(child.before.replace("\r\n", "\n").lstrip(), end="")
child.close()
sys.exit(child.exitstatus if child.exitstatus is not None else 128 + child.signalstatus)
