//! A consortium's network: what it survives, and how members come and go. `make test-network`.

mod join;
