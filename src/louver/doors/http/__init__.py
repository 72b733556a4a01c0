"""The gateway's HTTP side: raw ASGI, because a framework costs more than all detection together."""
