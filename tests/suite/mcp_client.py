"""Calls the tools of `keyctl mcp` with the client of the protocol's own SDK, in each of its modes.

Standard input: {"server": [...], "calls": [[tool, arguments], ...]}; standard output: {mode: {...}}.
"""

import asyncio
import json
import os
import sys

from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client


async def talk(mode, server, calls):
    parameters = StdioServerParameters(command=server[0], args=server[1:], env=dict(os.environ))
    async with Client(stdio_client(parameters), mode=mode) as client:
        tools = await client.list_tools()
        results = []
        for tool, arguments in calls:
            # The client holds what comes back against the tool's own schema.
            result = await client.call_tool(tool, arguments)
            results.append([result.is_error, result.structured_content, [part.text for part in result.content]])
        return {
            "version": client.protocol_version,
            "tools": [tool.name for tool in tools.tools],
            "results": results,
        }


def main():
    asked = json.load(sys.stdin)
    said = {mode: asyncio.run(talk(mode, asked["server"], asked["calls"])) for mode in ("legacy", "auto")}
    json.dump(said, sys.stdout)


main()
