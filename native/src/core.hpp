// The core's interface: plain structs of pointers, no Python, no torch.
//
// Letters as in src/throughtime/axes.py: N tokens (packed rows), B sequences, T steps, I inputs, H hidden units, G gates,
// P width of h (H, or that of its projection), C parts of the state beside h. Rows are ordered by step and, inside a step,
// by rank; step t has sizes[t] rows, the first ranks, from row starts[t] on. Vectors are contiguous; where rows may lie
// apart a stride is named. Nothing is kept after a call: every pointer needs to live only while the call runs.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace throughtime {

enum class Cell : int { rnn_tanh = 0, rnn_relu, lstm, gru, slstm, slstm_exp, gru_reset_before };

// The upper half of a float32.
struct Bfloat16 {
    std::uint16_t bits;
};

// Width of the gates' projection of the input, in units of H.
constexpr int gates(Cell cell) {
    switch (cell) {
        case Cell::lstm:
        case Cell::slstm:
        case Cell::slstm_exp: return 4;
        case Cell::gru:
        case Cell::gru_reset_before: return 3;
        default: return 1;
    }
}

// C: an slstm carries c, n and m beside h, one after the other; others c, the memory of a projected gru, or nothing.
constexpr int carried(Cell cell) { return cell == Cell::slstm || cell == Cell::slstm_exp ? 3 : 1; }

// Whether W_hh may be zero between heads, groups of units that do not see each other.
constexpr bool has_heads(Cell cell) { return carried(cell) == 3; }

// Gradients per unit and token that the backward pass writes, with respect to the gates before their functions:
//   rnn: a; lstm, slstm: i f g o; gru: n (its input's part), r, z, n (its recurrent part); gru_reset_before: r z n.
// The input's projection needs the first gates(cell) of them, W_hh (or its layer norm) the last gates(cell).
constexpr int grads(Cell cell) { return cell == Cell::gru ? 4 : gates(cell); }

// Which variant of a cell runs, as far as it says what is kept.
struct Variant {
    bool zones;      // zoneout
    bool projected;  // h is a projection of the cell's output; a projected gru carries its memory in the place of c
    bool normed;     // layer norm
};

// Values kept per unit and token for the backward pass, in this order:
//   rnn: the fresh h, with zoneout only (y holds the zoned one); lstm: i f g o c; gru: n, r, z, and W_hn h + b_hn;
//   gru_reset_before: n, r, z; slstm: what slstm.hpp says, 3 of them the carried part;
//   the part of the carry beside h as it was handed on, where it is not there yet: a zoned c, a projected gru's memory;
//   layer norm: the normalised recurrent products, gates(cell) of them.
struct Saved {
    int carry;   // first slot of the carried part beside h, or -1
    int normed;  // first slot of the normalised products
    int slots;
};

constexpr Saved saved(Cell cell, Variant v) {
    if (cell == Cell::slstm) return {4, 7, 7};
    if (cell == Cell::slstm_exp) return {3, 6, 6};
    const bool lstm = cell == Cell::lstm, gru = cell == Cell::gru || cell == Cell::gru_reset_before;
    const int base = lstm ? 5 : cell == Cell::gru ? 4 : gru ? 3 : v.zones ? 1 : 0;
    const bool more = (lstm && v.zones) || (gru && v.projected);
    const int carry = more ? base : lstm ? 4 : -1, normed = base + (more ? 1 : 0);
    return {carry, normed, normed + (v.normed ? gates(cell) : 0)};
}

// Numbers kept per token of a layer-normalised cell: 1/deviation of the recurrent products (of gru_reset_before: of r and
// z together, then of n), then mean and 1/deviation of an lstm's c.
constexpr int stats = 4;

// Zoneout and recurrent dropout; see src/throughtime/kernels/reference/loop.py for what they mean.
struct Noise {
    double zoneout_h, zoneout_c;  // probability that a unit keeps its value
    double recurrent_dropout;     // probability that a unit of h is hidden from the recurrent product
    bool training;                // true: draw masks; false: zoneout by expectation, no dropout
    std::uint64_t seed;
    std::int64_t layer;
    const std::int64_t* row_ids;  // (B,) the caller's row of each rank, or null: the same
    std::int64_t first_step;      // number of step 0 in the caller's sequence
    bool zones() const { return zoneout_h > 0 || zoneout_c > 0; }
    bool hides() const { return training && recurrent_dropout > 0; }
};

struct Shape {
    std::int64_t input;          // I
    std::int64_t hidden;         // H
    std::int64_t width;          // P
    std::int64_t batch;          // B
    std::int64_t steps;          // T, sizes > 0 only
    const std::int64_t* sizes;   // (T,)
    const std::int64_t* starts;  // (T,) first row of each step
    bool reverse;                // steps run from the last to the first
    const std::uint8_t* resets;  // (N,) or null: the state is cleared before this row in the order of this direction
    int threads;                 // at most this many
    Noise noise;
};

// What is not in every cell; null where it is not there. b_hh is part of shift where there is layer norm.
template <class T>
struct Extras {
    const T* bias_n;     // (H,) b_hn of a gru that resets after the product
    const T* peepholes;  // (3H,) w_ci w_cf w_co
    const T* gain;       // (G*H,) layer norm of the recurrent products
    const T* shift;      // (G*H,)
    const T* gain_c;     // (H,) layer norm of an lstm's c
    const T* shift_c;    // (H,)
    const T* restart_h;  // (P,) what a reset returns to; null: zeros
    const T* restart_c;  // (C*H,)
};

// T is the type of the computation, S that of rows and weights.
template <class T, class S>
struct Forward {
    const S* x;           // (N, I) row stride x_stride, or null: from_x is given
    std::int64_t x_stride;
    const S* weights_ih;  // packed by pack_forward from W_ih (G*H, I)
    const T* bias;        // (G*H,) what is added to W_ih x, or null
    const T* from_x;      // (N, G*H): W_ih x and its biases
    const S* weights;     // packed by pack_forward from W_hh (G*H, P); gru_reset_before: its r and z
    const S* weights_n;   // packed from W_hn (H, P) of gru_reset_before
    const S* weights_hr;  // packed by pack_forward from W_hr (P, H), or null: h is not projected
    Extras<T> extras;
    const T* h0;          // (B, P)
    const T* c0;          // (B, C*H) lstm, slstm and projected gru only
    S* y;                 // (N, P) row stride y_stride
    std::int64_t y_stride;
    T* saved;             // (N, saved*H), or null where no gradient will be asked for
    T* stats;             // (N, stats), where there is layer norm and saved
    T* h_n;               // (B, P) final state
    T* c_n;               // (B, C*H)
};

template <class T>
struct Backward {
    const T* weights;     // packed by pack_backward from W_hh (G*H, P); gru_reset_before: its r and z
    const T* weights_n;   // packed by pack_backward from W_hn (H, P) of gru_reset_before
    const T* weights_hr;  // packed by pack_backward from W_hr (P, H), or null
    Extras<T> extras;
    const T* grad_y;      // (N, P) row stride grad_y_stride
    std::int64_t grad_y_stride;
    const T* y;           // (N, P) row stride y_stride
    std::int64_t y_stride;
    const T* h0;          // (B, P)
    const T* c0;          // (B, C*H) lstm, slstm and projected gru only
    const T* saved;       // (N, saved*H) from forward
    const T* stats;       // (N, stats) from forward
    T* grads;             // (N, grads*H) out
    T* raw;               // (N, G*H) out, with layer norm: the gradient of the products before it
    T* h_prev;            // (N, P) out: the state that entered each row as the product saw it
    T* reset_h;           // (N, P) out, gru_reset_before: r * h as its product saw it
    T* grad_m;            // projected, (N, P) out: the gradient of h before zoneout
    T* m;                 // projected, (N, H) out: what was projected
    T* grad_h;            // (B, P) in: gradient of h_n. out: gradient of h0
    T* grad_c;            // (B, H) likewise for c
    T* sums;              // (threads, sums_width) added to: gradients of the extras; null: there are none
};

// Gradients of the extras, one after the other: peepholes 3H, gain G*H, gain_c H, shift_c H, restart_h P, restart_c C*H.
constexpr std::int64_t sums_width(Cell cell, const Shape& shape) {
    return (3 + gates(cell) + 1 + 1 + carried(cell)) * shape.hidden + shape.width;
}

// Cells without a product in time; diagonal/cells.hpp says what each does.
enum class Diagonal : int {
    given = 0,
    mingru,
    mingru_log,
    minlstm,
    minlstm_log,
    lru,
    rglru,
    sru,
    indrnn_relu,
    indrnn_tanh,
    paragru
};
constexpr int most_gates = 4, most_numbers = 3, most_states = 2;

// Null where a cell has less than the most.
template <class T>
struct DiagonalForward {
    const T* x[most_gates];         // (N, H) blocks of the input's projection, row strides x_stride
    std::int64_t x_stride[most_gates];
    const T* own[most_numbers];     // (H,) numbers of each unit
    const T* initial[most_states];  // (B, H)
    const T* restart[most_states];  // (H,) what a reset returns to; null: zeros
    T* states[most_states];         // (N, H) out
    T* finals[most_states];         // (B, H) out
};

template <class T>
struct DiagonalBackward {
    const T* x[most_gates];
    std::int64_t x_stride[most_gates];
    const T* own[most_numbers];
    const T* initial[most_states];
    const T* restart[most_states];
    const T* states[most_states];       // from forward
    const T* grad_states[most_states];  // (N, H), or null: zeros
    T* grad_x[most_gates];              // (N, H) out, row strides grad_x_stride
    std::int64_t grad_x_stride[most_gates];
    T* grad[most_states];               // (B, H) in: gradient of the final state. out: of the initial one
    T* sums;                            // (numbers + states, H) added to: gradients of the numbers, then of the restart
};

// c = a^T b over all tokens.
template <class T>
struct Product {
    std::int64_t tokens;       // N
    std::int64_t left, right;  // L, R
    const T* a;                // (N, L) row stride a_stride
    std::int64_t a_stride;
    const T* b;                // (N, R) row stride b_stride
    std::int64_t b_stride;
    T* c;                      // (L, R) out
    T* sums;                   // (L,) out, sums of a's columns, or null
};

// A stack that streams: B rows, one or more steps at a time, in inference.
struct StreamShape {
    Cell cell;                    // not slstm, not gru_reset_before
    std::int64_t batch;           // B
    double zoneout_h, zoneout_c;  // by expectation
    bool bfloat16;                // keep float weights as bfloat16, and round x and h where they are multiplied
};

// One layer of it; read only while the stream is made.
template <class T>
struct StreamLayer {
    std::int64_t input, hidden;  // I, H
    const T* weight_ih;          // (G*H, I)
    const T* weight_hh;          // (G*H, H)
    const T* bias;               // (G*H,) what is added to W_ih x, or null
    const T* bias_n;             // (H,) b_hn of a gru, or null
    const T* peepholes;          // (3H,) or null
};

// It keeps its own weights and state. Pointers are of the type that it was made for; one thread at a time may call it.
class Stream {
  public:
    virtual ~Stream() = default;
    virtual void run(const void* x, void* y, std::int64_t steps) = 0;       // x (T, B, I), y (T, B, H), may overlap
    virtual void read(std::int64_t layer, void* h, void* c) = 0;            // (B, H) each; c null where there is none
    virtual void write(std::int64_t layer, const void* h, const void* c) = 0;
    virtual void select(const std::int64_t* rows, std::int64_t count) = 0;  // B becomes `count`, of the rows there are
    virtual std::int64_t work() const = 0;                                  // multiplications of a step
};

// Masks of whole rows, step 0: 0 where a unit falls out and 1 / (1 - p) elsewhere.
struct Mask {
    std::uint64_t seed;
    std::int64_t layer;
    std::uint32_t purpose;  // as in src/throughtime/kernels/reference/noise.py
    bool reverse;
    double p;
    const std::int64_t* rows;  // (count,) the caller's rows
    std::int64_t count, units;
};

// One CPU target's code. Sizes of packed weights are in elements; `sums` is how many gates of a unit lie together.
// What multiplies pairs of bfloat16 is null where the target does not.
struct Target {
    const char* name;
    std::int64_t (*packed_size)(int sums, std::int64_t units, std::int64_t depth, bool backward, int bytes);
    void (*pack_float)(int sums, const float* w, std::int64_t units, std::int64_t depth, bool backward, float* packed,
                       int threads);
    void (*pack_double)(int sums, const double* w, std::int64_t units, std::int64_t depth, bool backward,
                        double* packed, int threads);
    void (*pack_bfloat16)(int sums, const Bfloat16* w, std::int64_t units, std::int64_t depth, Bfloat16* packed,
                          int threads);
    void (*forward_float)(Cell, const Shape&, const Forward<float, float>&);
    void (*forward_double)(Cell, const Shape&, const Forward<double, double>&);
    void (*forward_bfloat16)(Cell, const Shape&, const Forward<float, Bfloat16>&);  // or null
    void (*backward_float)(Cell, const Shape&, const Backward<float>&);
    void (*backward_double)(Cell, const Shape&, const Backward<double>&);
    void (*product_float)(const Product<float>&, int threads);
    void (*product_double)(const Product<double>&, int threads);
    void (*mask_float)(const Mask&, float* out, int threads);
    void (*mask_double)(const Mask&, double* out, int threads);
    std::uint64_t (*digest)(const char*, std::int64_t bytes);                  // to notice any write to a tensor
    void (*exercise)(int function, const float* x, float* y, std::int64_t n);  // 0 tanh, 1 sigmoid, 2 expm1
    double (*peak)(bool bfloat16, int threads);    // multiplications and additions per second, measured
    std::vector<int> (*diagonal_sizes)(Diagonal);  // blocks that it reads, numbers of each unit, parts of its state
    std::vector<int> (*diagonal_cut)(Diagonal, const Shape&);  // parts of rows, of units, of time: a thread for each
    void (*diagonal_forward_float)(Diagonal, const Shape&, const DiagonalForward<float>&);
    void (*diagonal_forward_double)(Diagonal, const Shape&, const DiagonalForward<double>&);
    void (*diagonal_backward_float)(Diagonal, const Shape&, const DiagonalBackward<float>&);
    void (*diagonal_backward_double)(Diagonal, const Shape&, const DiagonalBackward<double>&);
    std::unique_ptr<Stream> (*stream_float)(const StreamShape&, const std::vector<StreamLayer<float>>&);
    std::unique_ptr<Stream> (*stream_double)(const StreamShape&, const std::vector<StreamLayer<double>>&);
};

const Target& portable_target();
#if defined(THROUGHTIME_X86)
const Target& avx2_target();
const Target& avx512_target();
const Target& avx512bf16_target();
#endif

}  // namespace throughtime
