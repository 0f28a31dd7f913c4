"""An independent judge of the optimiser, written from `docs/model.md` and sharing no code with ECA.

- `judge_highspy.judge`: the optimum of a problem document as one MILP with every feature at once.
- `brute_force.brute_force`: the same by enumeration, for tiny problems; it judges the judge.
- `generator.random_problem`: seeded problem documents that cover and stress every feature.
"""
