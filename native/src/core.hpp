// The core's interface: plain structs of pointers, no Python, no torch.
//
// Letters as in src/throughtime/axes.py: N tokens (packed rows), B sequences, T steps, H hidden units. Rows are ordered
// by step and, inside a step, by rank; step t has sizes[t] rows, the first ranks, from row starts[t] on.
// Nothing is kept after a call: every pointer needs to live only while the call runs.
#pragma once

#include <cstdint>

namespace throughtime {

enum class Cell : int { rnn_tanh = 0, rnn_relu = 1, lstm = 2, gru = 3 };

// Values kept per unit and token for the backward pass, in this order:
//   rnn: none (y holds h); lstm: i f g o c; gru: n, r, z, and W_hn h + b_hn.
// With zoneout, the fresh h of an rnn (y holds the zoned one), and the zoned c of an lstm, come last.
constexpr int saved(Cell cell, bool zones) {
    switch (cell) {
        case Cell::lstm: return zones ? 6 : 5;
        case Cell::gru: return 4;
        default: return zones ? 1 : 0;
    }
}

// Gradients per unit and token that the backward pass writes, with respect to the gates before their functions:
//   rnn: a; lstm: i f g o; gru: n (its input's part), r, z, n (its recurrent part).
// The input's projection needs the first gates(cell) of them, W_hh the last gates(cell).
constexpr int grads(Cell cell) { return cell == Cell::rnn_tanh || cell == Cell::rnn_relu ? 1 : 4; }

// Width of the gates' projection of the input, in units of H.
constexpr int gates(Cell cell) { return cell == Cell::lstm ? 4 : cell == Cell::gru ? 3 : 1; }

// Zoneout and recurrent dropout; see src/throughtime/kernels/reference/loop.py for what they mean.
struct Noise {
    double zoneout_h, zoneout_c;    // probability that a unit keeps its value
    double recurrent_dropout;       // probability that a unit of h is hidden from the recurrent product
    bool training;                  // true: draw masks; false: zoneout by expectation, no dropout
    std::uint64_t seed;
    std::int64_t layer;
    const std::int64_t* row_ids;    // (B,) the caller's row of each rank, or null: the same
    bool zones() const { return zoneout_h > 0 || zoneout_c > 0; }
    bool hides() const { return training && recurrent_dropout > 0; }
};

struct Shape {
    std::int64_t hidden;         // H
    std::int64_t batch;          // B
    std::int64_t steps;          // T, sizes > 0 only
    const std::int64_t* sizes;   // (T,)
    const std::int64_t* starts;  // (T,) first row of each step
    bool reverse;                // steps run from the last to the first
    const std::uint8_t* resets;  // (N,) or null: the state is cleared before this row in the order of this direction
    int threads;                 // at most this many
    Noise noise;
};

template <class T>
struct Forward {
    const T* from_x;   // (N, G*H) row stride from_x_stride: W_ih x + b_ih (+ b_hh, but not the GRU's b_hn)
    std::int64_t from_x_stride;
    const T* weights;  // packed by pack_forward from W_hh (G*H, H)
    const T* bias_n;   // (H,) the GRU's b_hn, or null
    const T* h0;       // (B, H)
    const T* c0;       // (B, H), LSTM only
    T* y;              // (N, H) row stride y_stride
    std::int64_t y_stride;
    T* saved;          // (N, saved*H), or null where no gradient will be asked for
    T* h_n;            // (B, H) final state
    T* c_n;            // (B, H), LSTM only
};

template <class T>
struct Backward {
    const T* weights;  // packed by pack_backward from W_hh (G*H, H)
    const T* grad_y;   // (N, H) row stride grad_y_stride
    std::int64_t grad_y_stride;
    const T* y;        // (N, H) row stride y_stride
    std::int64_t y_stride;
    const T* h0;       // (B, H)
    const T* c0;       // (B, H), LSTM only
    const T* saved;    // (N, saved*H) from forward
    T* grads;          // (N, grads*H) out
    T* h_prev;         // (N, H) out: the state that entered each row, zero after a reset
    T* grad_h;         // (B, H) in: gradient of h_n. out: gradient of h0
    T* grad_c;         // (B, H) likewise for c, LSTM only
};

// One CPU target's code. Sizes of packed weights are in elements.
struct Target {
    const char* name;
    std::int64_t (*packed_size)(Cell, std::int64_t hidden, bool backward, bool is_double);
    void (*pack_float)(Cell, const float* w_hh, std::int64_t hidden, bool backward, float* packed);
    void (*pack_double)(Cell, const double* w_hh, std::int64_t hidden, bool backward, double* packed);
    void (*forward_float)(Cell, const Shape&, const Forward<float>&);
    void (*forward_double)(Cell, const Shape&, const Forward<double>&);
    void (*backward_float)(Cell, const Shape&, const Backward<float>&);
    void (*backward_double)(Cell, const Shape&, const Backward<double>&);
    std::uint64_t (*digest)(const char*, std::int64_t bytes);  // to notice any write to a tensor
    void (*exercise)(int function, const float* x, float* y, std::int64_t n);  // 0 tanh, 1 sigmoid, 2 expm1
};

const Target& portable_target();
#if defined(THROUGHTIME_X86)
const Target& avx2_target();
const Target& avx512_target();
#endif

}  // namespace throughtime
