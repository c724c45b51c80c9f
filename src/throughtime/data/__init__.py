"""Files become sequences here: text to ids, and the plan of who reads what at which step. No torch in this room."""
