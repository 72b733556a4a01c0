"""The reference pages, written from the code: settings, commands, errors, categories, events."""
