"""`louver demo`: conversations through the real gateway, with the real client, explained."""
