//! Stand-in until the branch `containers` lands.
