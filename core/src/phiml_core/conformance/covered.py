"""Public functions of tensors that are proved elsewhere in the kit than among the operations, or that are not about arrays."""

__all__ = ["COVERED", "NOT_OF_ARRAYS"]

COVERED = {
    **dict.fromkeys(("assert_close", "close", "is_scalar"), "arrays/test_operations.py"),
    **dict.fromkeys(("backend", "use", "convert"), "arrays/test_exchange.py"),
    **dict.fromkeys(("precision", "set_precision", "get_precision"), "arrays/test_precision.py"),
    **dict.fromkeys(("to_scipy", "from_scipy", "native_sparse", "from_native"), "arrays/test_sparse_exchange.py"),
    "seed": "arrays/test_random.py",
    **dict.fromkeys(
        (
            *(
                "all_available",
                "always_close",
                "choose_backend",
                "copy",
                "dtype",
                "equal",
                "from_dict",
                "is_numeric",
                "load",
            ),
            *("native", "native_call", "numpy", "perf_counter", "print_", "save", "to_device", "to_dict"),
        ),
        "arrays/test_values.py",
    ),
    **dict.fromkeys(("jit_compile", "forget_traces", "trace_count"), "transforms/test_jit.py"),
    **dict.fromkeys(
        ("gradient", "value_and_gradient", "check_gradient", "stop_gradient", "NoGradient"),
        "transforms/test_gradient.py",
    ),
    **dict.fromkeys(
        ("jacobian", "batch_jacobian", "hessian", "jvp", "vjp", "print_gradient"), "transforms/test_jacobian.py"
    ),
    **dict.fromkeys(
        (
            *("map_", "map_types", "map_s2b", "map_i2b", "map_c2b", "map_d2b", "map_d2c", "map_c2d", "map_pairs"),
            *("when_available", "trace_check", "LeakedTensor", "checkpoint"),
        ),
        "transforms/test_map.py",
    ),
    "custom_gradient": "transforms/test_custom_gradient.py",
    **dict.fromkeys(("cond", "while_loop", "fori_loop", "scan"), "transforms/test_loops.py"),
    "iterate": "transforms/test_iterate.py",
    **dict.fromkeys(("solve", "Solve", "LinearProblem"), "solvers/test_solve.py"),
    **dict.fromkeys(
        (
            *("solve_linear", "NotConverged", "Diverged", "ConvergenceException", "record_solves", "SolveTape"),
            *("EmptySystem", "Incompatible", "Indefinite", "NotFinite", "NotSymmetric", "SingularOperator"),
            *("PrecisionLimit", "matrix_from_function", "jit_compile_linear"),
        ),
        "solvers/test_outcome.py",
    ),
}
"""Name of a function in `phiml_core.math` → the file that proves it, below the folder of a part."""

NOT_OF_ARRAYS = {
    **dict.fromkeys(
        (
            *("EMPTY", "Shape", "batch", "channel", "dual", "instance", "spatial", "primal", "shape", "merge_shapes"),
            *("concat_shapes", "non_batch", "non_channel", "non_dual", "non_instance", "non_primal", "non_spatial"),
        ),
        "dims alone",
    ),
    **dict.fromkeys(("PI", "INF", "NAN"), "a number"),
    **dict.fromkeys(("identity", "is_none", "replace"), "any value"),
    **dict.fromkeys(("extrapolation", "as_extrapolation", "Extrapolation"), "rules, which pad applies"),
    **dict.fromkeys(("DType", "IncompatibleShapes"), "a class"),
    "dim_mask": "a constant",
    "Tensor": "a class",
    "SolveInfo": "a class",
}
"""Name of a function in `phiml_core.math` → why no array takes part."""
