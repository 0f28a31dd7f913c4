"""Six other tools on the instances of ECA's benches: see benches/README.md."""
