"""The only place that touches Viewflow's activations: nodes, driver, deadlines, jobs and bulk moves of cases."""
