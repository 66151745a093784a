#!/usr/bin/python3
"""Compare a C solution with the notebook's formulas in NumPy: numpy_check.py SHARED_OBJECT API [SEED].

The module's functions are written out below as the notebook has them, in double precision. The C
functions must give the same for random shapes and masks, and pass the notebook's own unit tests.
API is a file with the rows of grader/wire/api.h, which tell how the C functions are called.
"""
import ctypes
import math
import re
import sys

try:
    import numpy as np
except ModuleNotFoundError:
    print("numpy_check: left out, python3-numpy is not installed")
    sys.exit(0)

CALLS = 500
MAX_AXES = 4


# ---- the notebook ---------------------------------------------------------------------------------

def attention(Q, K, V, mask=None):
    scores = np.matmul(Q, np.swapaxes(K, -2, -1)) / math.sqrt(Q.shape[-1])
    if mask is not None:
        scores = np.where(mask == 0, -1e9, scores)
    exponentials = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
    weights = exponentials / np.sum(exponentials, axis=-1, keepdims=True)
    return np.matmul(weights, V), weights


def causal_mask(seq_len):
    return np.tril(np.ones((seq_len, seq_len)))


def padding_mask(lengths, max_length):
    mask = np.zeros((len(lengths), max_length, max_length))
    for i, length in enumerate(lengths):
        mask[i, :length, :length] = 1
    return mask


def bidirectional_mask(seq_len):
    return np.ones((seq_len, seq_len))


# ---- the solution, called with arrays ---------------------------------------------------------------

class Tensor(ctypes.Structure):
    _fields_ = [("ndim", ctypes.c_int), ("shape", ctypes.c_int * MAX_AXES),
                ("size", ctypes.c_size_t), ("data", ctypes.POINTER(ctypes.c_float))]


TensorPointer = ctypes.POINTER(Tensor)


class Result(ctypes.Structure):
    _fields_ = [("output", TensorPointer), ("weights", TensorPointer)]


PARAMETERS = {"TENSOR": TensorPointer, "INT": ctypes.c_int, "LENGTHS": ctypes.POINTER(ctypes.c_int),
              "LAYER": ctypes.c_void_p, "FREED_LAYER": ctypes.c_void_p}
RESULTS = {"TENSOR": TensorPointer, "ATTENTION": Result, "LAYER": ctypes.c_void_p, "NOTHING": None}


class Solution:
    """Each function of the table as a method that takes and gives arrays."""

    def __init__(self, path, rows):
        self.c = ctypes.CDLL(path)
        self.c.tensor_create.restype = TensorPointer
        self.c.tensor_free.argtypes = [TensorPointer]
        self.names = [self.add(*re.split(r",\s*", row)) for row in re.findall(r"ROW\((.*)\)", rows)]

    def add(self, _, gives, name, *parameters):
        function, types = getattr(self.c, name), parameters[::2]
        function.argtypes = [PARAMETERS[each] for each in types]
        function.restype = RESULTS[gives]
        setattr(self, name, lambda *values: self.call(function, gives, types, values))
        return name

    def tensor(self, array):
        if array is None:
            return None
        made = self.c.tensor_create(array.ndim, (ctypes.c_int * array.ndim)(*array.shape))
        ctypes.memmove(made.contents.data, np.ascontiguousarray(array, np.float32).tobytes(),
                       4 * array.size)
        return made

    def take(self, tensor):
        """The array of a tensor, which is freed."""
        assert tensor, "a legal call was refused"
        shape = tensor.contents.shape[:tensor.contents.ndim]
        array = np.ctypeslib.as_array(tensor.contents.data, tuple(shape)).astype(np.float64)
        self.c.tensor_free(tensor)
        return array

    def argument(self, kind, value):
        if kind == "TENSOR":
            return self.tensor(value)
        return (ctypes.c_int * len(value))(*value) if kind == "LENGTHS" else value

    def result(self, kind, value):
        if kind == "ATTENTION":
            return self.take(value.output), self.take(value.weights)
        return self.take(value) if kind == "TENSOR" else value

    def call(self, function, gives, types, values):
        arguments = [self.argument(*each) for each in zip(types, values)]
        value = function(*arguments)
        for kind, argument in zip(types, arguments):
            if kind == "TENSOR":
                self.c.tensor_free(argument)
        return self.result(gives, value)

    def attention(self, Q, K, V, mask=None):
        return self.scaled_dot_product_attention(Q, K, V, mask)

    def self_attention(self, x, mask=None):
        layer = self.self_attention_create(x.shape[-1])
        assert ctypes.cast(layer, ctypes.POINTER(ctypes.c_int))[0] == x.shape[-1], "layer.d_model"
        result = self.self_attention_forward(layer, x, mask)
        self.self_attention_free(layer)
        return result

    def causal_mask(self, seq_len):
        return self.create_causal_mask(seq_len)

    def padding_mask(self, lengths, max_length):
        return self.create_padding_mask(lengths, len(lengths), max_length)

    def bidirectional_mask(self, seq_len):
        return self.create_bidirectional_mask(seq_len)


# ---- comparing --------------------------------------------------------------------------------------

def expect_same(got, expected, what):
    for name, a, b in zip(("output", "weights"), got, expected):
        assert a.shape == b.shape, f"{name} is {a.shape}, not {b.shape}: {what}"
        assert np.allclose(a, b, rtol=1e-4, atol=1e-5), f"{name} differs: {what}"


def random_mask(random, shape):
    """None, or a mask that broadcasts to the shape; now and then whole rows of it are 0."""
    if random.random() < 0.3:
        return None
    mask_shape = [1 if random.random() < 0.3 else size for size in shape]
    mask = random.choice([0, 0, 1, 1, 0.5, -2], mask_shape[random.integers(len(shape) - 1):])
    if random.random() < 0.3:
        mask[..., 0, :] = 0
    return mask


def check_random_calls(solution, random):
    for call in range(CALLS):
        leading = tuple(random.integers(1, 4, random.integers(0, 3)))
        Lq, Lk, d_k, d_v = random.integers(1, 20, 4)
        scale = random.choice([0.1, 1, 3])
        Q, K, V = (np.float32(scale * random.standard_normal(leading + shape))
                   for shape in ((Lq, d_k), (Lk, d_k), (Lk, d_v)))
        mask = random_mask(random, leading + (Lq, Lk))
        what = f"call {call}, Q {Q.shape}, K {K.shape}, V {V.shape}, mask {np.shape(mask)}"
        Q, K, V = (array.astype(np.float64) for array in (Q, K, V))
        expect_same(solution.attention(Q, K, V, mask), attention(Q, K, V, mask), what)

        mask = random_mask(random, leading + (Lq, Lq))
        expect_same(solution.self_attention(Q, mask), attention(Q, Q, Q, mask), what + ", self")

        lengths = [int(n) for n in random.integers(0, Lk + 1, random.integers(1, 6))]
        assert np.array_equal(solution.padding_mask(lengths, int(Lk)), padding_mask(lengths, Lk))
        assert np.array_equal(solution.causal_mask(int(Lk)), causal_mask(Lk))
        assert np.array_equal(solution.bidirectional_mask(int(Lk)), bidirectional_mask(Lk))


# The shapes in which a mistake hides best; each with each kind of mask.
EDGES = [
    # leading, Lq, Lk, d_k, d_v
    ((), 1, 1, 1, 1), ((1,), 1, 1, 1, 1), ((1, 1), 1, 1, 1, 1), ((), 1, 5, 3, 2), ((), 5, 1, 3, 2),
    ((), 3, 4, 1, 5), ((), 3, 4, 5, 1), ((1,), 1, 7, 4, 4), ((1,), 7, 1, 4, 2), ((2,), 1, 3, 2, 5),
    ((3, 1), 2, 5, 4, 3), ((1, 3), 5, 2, 3, 4), ((2, 3), 4, 4, 4, 4), ((2,), 4, 6, 5, 7),
    ((), 300, 2, 3, 2), ((), 2, 300, 3, 2), ((), 2, 3, 300, 2), ((), 2, 3, 2, 300),
    ((300,), 1, 2, 2, 1),
]


def masks_that_fit(random, shape):
    """None, and masks of every number of axes and with every leading axis 1 or not."""
    yield None
    for ndim in range(2, len(shape) + 1):
        full = shape[len(shape) - ndim:]
        for ones in range(2 ** (ndim - 2)):
            some = tuple(1 if ones >> i & 1 else size for i, size in enumerate(full[:-2]))
            yield random.choice([0, 1], some + full[-2:])
    yield np.zeros(shape)
    yield np.ones(shape)
    yield random.choice([0, -0.0, 1e-40, -1, 0.5, 7], shape)


def check_edges(solution, random):
    for leading, Lq, Lk, d_k, d_v in EDGES:
        Q, K, V = (np.float32(random.standard_normal(leading + shape)).astype(np.float64)
                   for shape in ((Lq, d_k), (Lk, d_k), (Lk, d_v)))
        for mask in masks_that_fit(random, leading + (Lq, Lk)):
            what = f"Q {Q.shape}, K {K.shape}, V {V.shape}, mask {np.shape(mask)}"
            mask = None if mask is None else np.float32(mask)
            expect_same(solution.attention(Q, K, V, mask), attention(Q, K, V, mask), what)
        for mask in masks_that_fit(random, leading + (Lq, Lq)):
            mask = None if mask is None else np.float32(mask)
            expect_same(solution.self_attention(Q, mask), attention(Q, Q, Q, mask), f"x {Q.shape}")
    for n in (1, 2, 3, 64, 257):
        assert np.array_equal(solution.causal_mask(n), causal_mask(n)), n
        assert np.array_equal(solution.bidirectional_mask(n), bidirectional_mask(n)), n
        for lengths in ([0], [n], [n - 1], [0, n, n // 2], [n] * 5):
            assert np.array_equal(solution.padding_mask(lengths, n), padding_mask(lengths, n)), n


def expect_weights(weights, shape):
    assert weights.shape == shape and np.allclose(weights.sum(axis=-1), 1)


def check_notebook_masks(s):
    for n in (4, 5):
        assert np.array_equal(s.causal_mask(n), np.tril(s.causal_mask(n)))
    mask = s.padding_mask([5, 3, 4], 5)
    assert mask.shape == (3, 5, 5) and np.all(mask[0] == 1) and np.all(mask[1, 3:, :] == 0)
    assert s.padding_mask([3, 2], 4).shape == (2, 4, 4)
    assert np.all(s.bidirectional_mask(5) == 1) and s.bidirectional_mask(3).shape == (3, 3)


def check_notebook(s, random):
    """What the notebook's unit tests and its analysis assert."""
    Q, K, V = random.random((3, 4, 6))
    output, weights = s.attention(Q, K, V)
    expect_weights(weights, (4, 4))
    assert output.shape == (4, 6) and s.attention(Q, K, V, np.tril(np.ones((4, 4))))[1][0, 2] < 1e-6

    x = 0.1 * random.standard_normal((2, 8, 32))
    output, weights = s.self_attention(x[0])
    expect_weights(weights, (8, 8))
    assert output.shape == (8, 32) and s.attention(x, x, x)[0].shape == x.shape
    causal = s.attention(x[0], x[0], x[0], s.causal_mask(8))[1]
    assert np.all(np.triu(causal, k=1) < 1e-6)
    expect_weights(s.attention(x[0], x[0], x[0], s.padding_mask([8, 5], 8)[0])[1], (8, 8))

    Q, K, V = (random.standard_normal((1, 5, width)) for width in (16, 16, 32))
    output, weights = s.attention(Q, K, V)
    expect_weights(weights, (1, 5, 5))
    assert output.shape == (1, 5, 32)

    same = np.eye(4)[[0, 1, 2, 0]]
    weights = s.attention(same, same, same)[1]
    assert set(np.argsort(weights[0])[-2:]) == set(np.argsort(weights[3])[-2:]) == {0, 3}
    check_notebook_masks(s)


def main():
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else None
    sequence = np.random.SeedSequence(seed)
    random = np.random.default_rng(sequence)
    with open(sys.argv[2], encoding="ascii") as rows:
        solution = Solution(sys.argv[1], rows.read())
    try:
        check_notebook(solution, random)
        check_edges(solution, random)
        check_random_calls(solution, random)
    except AssertionError:
        print(f"numpy_check: with seed {sequence.entropy}:", file=sys.stderr)
        raise
    print(f"numpy_check: the notebook's tests pass, edges and {CALLS} random calls are as in NumPy")


main()
