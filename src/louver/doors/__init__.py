"""Where the world comes in: HTTP, commands, settings; parse, call one service method, render."""
