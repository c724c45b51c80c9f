"""``throughtime demo``: one file per demo, with its entry and what it shows at its end."""
