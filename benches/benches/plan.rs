//! How long a plan takes from document to checked answer. `make bench`
#![allow(missing_docs)]

use criterion::{Criterion, criterion_group, criterion_main};
use eca_benches::generator::{Size, problem};
use eca_core::Settings;
use std::hint::black_box;

fn plan(c: &mut Criterion) {
    for (name, size) in [("tiny", Size::Tiny), ("small", Size::Small)] {
        let problem = problem(1, size);
        let text = problem.to_json().unwrap_or_default();
        c.bench_function(&format!("read/{name}"), |b| b.iter(|| eca_core::Problem::from_json(black_box(&text))));
        let mut settings = Settings::default();
        settings.references = false;
        c.bench_function(&format!("plan/{name}"), |b| b.iter(|| problem.solve(black_box(&settings))));
    }
}

criterion_group! { name = benches; config = Criterion::default().sample_size(20); targets = plan }
criterion_main!(benches);
