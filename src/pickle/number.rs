//! Numbers written as text: INT, LONG, FLOAT, and the memo indices of GET and PUT.
