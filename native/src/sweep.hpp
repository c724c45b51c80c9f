// The time loop, written once for every cell, type and target.
//
// Inside a step the panels of W_hh are the outer loop and tiles of rows the inner one, so a panel is read from far
// memory once a step.
#pragma once

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "cells.hpp"
#include "noise.hpp"

namespace throughtime::THROUGHTIME_TARGET {

constexpr std::int64_t blocks(std::int64_t hidden, std::int64_t width) { return (hidden + width - 1) / width; }

// Rows in a register tile: sums * rows accumulators, some registers left for weights and broadcasts.
constexpr int tile_rows(int sums) {
    const int spare = THROUGHTIME_REGISTERS == 32 ? 24 : 12;
    return std::clamp(spare / sums, 1, 12);
}

// Packed weights: [block of units][k][sum][lane], zero where a block passes the end.
//   forward:  sum[g][lane] over k of W_hh[g*H + unit][k] * h_prev[k]             k < H
//   backward: sum[g][lane] over k of W_hh[k][unit] * grad_gates[k]               k < G*H, `wide` blocks side by side
constexpr int wide = 4;

template <class T>
std::int64_t forward_size(int sums, std::int64_t hidden) {
    return blocks(hidden, Lanes<T>::width) * hidden * sums * Lanes<T>::width;
}

template <class T>
std::int64_t backward_size(int sums, std::int64_t hidden) {
    return blocks(hidden, wide * Lanes<T>::width) * sums * hidden * wide * Lanes<T>::width;
}

template <class T>
void pack_forward(int sums, const T* w, std::int64_t hidden, T* packed) {
    constexpr int width = Lanes<T>::width;
    for (std::int64_t block = 0; block < blocks(hidden, width); ++block)
        for (std::int64_t k = 0; k < hidden; ++k)
            for (int g = 0; g < sums; ++g)
                for (int lane = 0; lane < width; ++lane) {
                    const std::int64_t unit = block * width + lane;
                    *packed++ = unit < hidden ? w[(g * hidden + unit) * hidden + k] : T(0);
                }
}

template <class T>
void pack_backward(int sums, const T* w, std::int64_t hidden, T* packed) {
    constexpr int width = wide * Lanes<T>::width;
    for (std::int64_t block = 0; block < blocks(hidden, width); ++block)
        for (std::int64_t k = 0; k < sums * hidden; ++k)
            for (int lane = 0; lane < width; ++lane) {
                const std::int64_t unit = block * width + lane;
                *packed++ = unit < hidden ? w[k * hidden + unit] : T(0);
            }
}

// sum[r][g] += over k of rows[r][k] * panel[k][g], in registers.
template <class T, int sums, int rows>
inline void multiply(const T* const* from, const T* panel, std::int64_t depth, Vector<T> (&sum)[rows][sums]) {
    constexpr int width = Lanes<T>::width;
    for (std::int64_t k = 0; k < depth; ++k, panel += sums * width) {
        Vector<T> weight[sums];
#pragma GCC unroll 8
        for (int g = 0; g < sums; ++g) weight[g] = load<T>(panel + g * width);
#pragma GCC unroll 16
        for (int r = 0; r < rows; ++r) {
            const Vector<T> value = splat<T>(from[r][k]);
#pragma GCC unroll 8
            for (int g = 0; g < sums; ++g) sum[r][g] += value * weight[g];
        }
    }
}

// Calls work.template operator()<rows>(first) over tiles of `count` rows, evenly sized and at most `most` rows high.
template <int most, class Work>
inline void in_tiles(int count, const Work& work) {
    const auto run = [&]<int rows>(auto& self, int first, int size) {
        if constexpr (rows > 0) {
            if (size == rows) return work.template operator()<rows>(first);
            self.template operator()<rows - 1>(self, first, size);
        }
    };
    const int tiles = (count + most - 1) / most;
    for (int tile = 0, first = 0; tile < tiles; ++tile) {
        const int size = (count - first + tiles - tile - 1) / (tiles - tile);
        run.template operator()<most>(run, first, size);
        first += size;
    }
}

// A barrier for threads that meet every few microseconds: it spins, and yields where a thread is late.
class Barrier {
  public:
    explicit Barrier(int threads) : threads_(threads) {}

    void wait() {
        const unsigned round = round_.load(std::memory_order_relaxed);
        if (arrived_.fetch_add(1, std::memory_order_acq_rel) == threads_ - 1) {
            arrived_.store(0, std::memory_order_relaxed);
            round_.store(round + 1, std::memory_order_release);
            return;
        }
        for (int spins = 0; round_.load(std::memory_order_acquire) == round; ++spins)
            if (spins > 20000) std::this_thread::yield();
    }

  private:
    const int threads_;
    alignas(64) std::atomic<int> arrived_{0};
    alignas(64) std::atomic<unsigned> round_{0};
};

// What one thread sweeps. Rows are split by rank (every threads-th one, so that ragged work is shared evenly) and never
// wait for each other. With too few rows for that, all threads take all ranks and a range of units each, and meet at a
// barrier in every step.
struct Share {
    int thread, threads;
    std::int64_t first, last;  // units
    Barrier* barrier;

    int count(std::int64_t alive) const { return static_cast<int>((alive - thread + threads - 1) / threads); }
    std::int64_t rank(int index) const { return thread + static_cast<std::int64_t>(index) * threads; }
    void meet() const {
        if (barrier) barrier->wait();
    }
};

// Runs work(share) on every thread; `block` is the unit granule of a split by units.
template <class Work>
void in_parallel(const Shape& shape, std::int64_t block, const Work& work) {
    constexpr std::int64_t enough_rows = 6;  // per thread; fewer leave most of a register tile empty
    const std::int64_t most = std::max(1, shape.threads);
    const std::int64_t by_rows = std::clamp<std::int64_t>(shape.batch, 1, most);
    const std::int64_t count = blocks(shape.hidden, block), by_units = std::min(most, count);
    if (by_units > 1 && shape.batch < enough_rows * most && most > 1) {
        Barrier* barrier = nullptr;
#pragma omp parallel num_threads(static_cast<int>(by_units))
        {
            const int team = omp_get_num_threads(), thread = omp_get_thread_num();
#pragma omp single
            barrier = new Barrier(team);
            const std::int64_t first = count * thread / team * block, last = count * (thread + 1) / team * block;
            work(Share{0, 1, first, std::min(last, shape.hidden), barrier});
        }
        delete barrier;
        return;
    }
    const int threads = static_cast<int>(by_rows);
#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (int thread = 0; thread < threads; ++thread) work(Share{thread, threads, 0, shape.hidden, nullptr});
}

// Steps in the order of the direction, and where each rank's previous row is.
struct Walk {
    const Shape& shape;

    std::int64_t step(std::int64_t index) const { return shape.reverse ? shape.steps - 1 - index : index; }
    std::int64_t row(std::int64_t step, std::int64_t rank) const { return shape.starts[step] + rank; }

    // Row of the same rank one step earlier in this direction, or -1 where the initial state enters.
    std::int64_t before(std::int64_t step, std::int64_t rank) const {
        const std::int64_t other = shape.reverse ? step + 1 : step - 1;
        const bool inside = other >= 0 && other < shape.steps && rank < shape.sizes[other];
        return inside ? row(other, rank) : -1;
    }
    bool cleared(std::int64_t row) const { return shape.resets && shape.resets[row]; }
};

// The masks of one thread's ranks, drawn anew where they change.
template <class T>
struct Masks {
    const Shape& shape;
    const Share& share;
    std::int64_t H = shape.hidden;
    std::vector<T> zone_h, zone_c, hidden, product;

    Masks(const Shape& shape_, const Share& share_) : shape(shape_), share(share_) {
        const Noise& noise = shape.noise;
        const auto size = static_cast<std::size_t>(share.count(shape.batch) * H);
        if (noise.zones()) {
            zone_h.assign(size, static_cast<T>(noise.zoneout_h));
            zone_c.assign(size, static_cast<T>(noise.zoneout_c));
        }
        if (!noise.hides()) return;
        hidden.resize(size), product.resize(size);
        const T scale = static_cast<T>(1.0 / (1.0 - noise.recurrent_dropout));
        for (int m = 0; m < share.count(shape.batch); ++m)
            draw<T>(noise, noise.recurrent_dropout, recurrent_dropout, shape.reverse, row_id(m), 0, H, T(0), scale,
                    hidden.data() + m * H);
    }

    std::int64_t row_id(int m) const {
        return shape.noise.row_ids ? shape.noise.row_ids[share.rank(m)] : share.rank(m);
    }

    void zone(int m, std::int64_t step) {
        const Noise& noise = shape.noise;
        if (!noise.zones() || !noise.training) return;
        draw<T>(noise, noise.zoneout_h, zoneout_h, shape.reverse, row_id(m), step, H, T(1), T(0), zone_h.data() + m * H);
        draw<T>(noise, noise.zoneout_c, zoneout_c, shape.reverse, row_id(m), step, H, T(1), T(0), zone_c.data() + m * H);
    }
    const T* zone_of(const std::vector<T>& zone, int m) const { return zone.empty() ? nullptr : zone.data() + m * H; }

    // h as the recurrent product sees it.
    const T* seen(int m, const T* h) {
        if (hidden.empty()) return h;
        T* out = product.data() + m * H;
        for (std::int64_t k = 0; k < H; ++k) out[k] = h[k] * hidden[static_cast<std::size_t>(m * H + k)];
        return out;
    }
};

// One thread's part of the forward pass.
template <class C, class T>
class ForwardSweep {
  public:
    ForwardSweep(const Shape& shape, const Forward<T>& f, const Share& share)
        : shape_(shape), f_(f), share_(share), masks_(shape, share), zeros_(size(1)), places_(mine_), seen_(mine_) {
        if (!f.c0) return;
        c_.resize(size(mine_));  // c is carried in place: a block of units needs only its own
        for (int m = 0; m < mine_; ++m) std::copy_n(f.c0 + share.rank(m) * H_, H_, c_.data() + m * H_);
    }

    void run() {
        for (std::int64_t index = 0; index < shape_.steps; ++index) {
            const std::int64_t t = walk_.step(index);
            const int count = share_.count(shape_.sizes[t]);
            for (int m = 0; m < count; ++m) enter(m, t);
            for (std::int64_t at = share_.first; at < share_.last; at += width) units(at, count);
            share_.meet();
        }
        for (int m = 0; m < mine_; ++m) leave(m);
    }

  private:
    static constexpr int width = Lanes<T>::width;

    std::size_t size(int rows) const { return static_cast<std::size_t>(rows * H_); }

    // Finds the places of rank m's values at step t.
    void enter(int m, std::int64_t t) {
        const std::int64_t rank = share_.rank(m), row = walk_.row(t, rank), before = walk_.before(t, rank);
        const bool cleared = walk_.cleared(row);
        const T* h_prev = cleared ? zeros_.data() : before < 0 ? f_.h0 + rank * H_ : f_.y + before * f_.y_stride;
        T* c = f_.c0 ? c_.data() + m * H_ : nullptr;
        masks_.zone(m, t);
        seen_[m] = masks_.seen(m, h_prev);
        places_[m] = {.hidden = H_,
                      .at = 0,
                      .n = 0,
                      .from_x = f_.from_x + row * f_.from_x_stride,
                      .bias_n = f_.bias_n,
                      .h_prev = h_prev,
                      .c_prev = cleared ? zeros_.data() : c,
                      .h = f_.y + row * f_.y_stride,
                      .c = c,
                      .saved = f_.saved ? f_.saved + row * saved(C::cell, shape_.noise.zones()) * H_ : nullptr,
                      .zone_h = masks_.zone_of(masks_.zone_h, m),
                      .zone_c = masks_.zone_of(masks_.zone_c, m)};
    }

    // One block of units for all rows: sums in registers, then the cell.
    void units(std::int64_t at, int count) {
        const T* panel = f_.weights + at * H_ * C::sums;
        const int n = static_cast<int>(std::min<std::int64_t>(width, H_ - at));
        in_tiles<tile_rows(C::sums)>(count, [&]<int rows>(int first) {
            Vector<T> sum[rows][C::sums];
            for (int r = 0; r < rows; ++r) {
                Place<T>& place = places_[first + r];
                place.at = at, place.n = n;
                for (int g = 0; g < C::sums; ++g) sum[r][g] = C::start(place, g);
            }
            multiply<T, C::sums, rows>(seen_.data() + first, panel, H_, sum);
            for (int r = 0; r < rows; ++r) C::finish(places_[first + r], sum[r]);
        });
    }

    // Rank m's final state: its last row in this direction.
    void leave(int m) const {
        const std::int64_t rank = share_.rank(m), units = share_.last - share_.first;
        std::int64_t length = 0;
        while (length < shape_.steps && rank < shape_.sizes[length]) ++length;
        const std::int64_t last = shape_.reverse ? 0 : length - 1;
        const T* h = length ? f_.y + walk_.row(last, rank) * f_.y_stride : f_.h0 + rank * H_;
        std::copy_n(h + share_.first, units, f_.h_n + rank * H_ + share_.first);
        if (f_.c_n) std::copy_n(c_.data() + m * H_ + share_.first, units, f_.c_n + rank * H_ + share_.first);
    }

    const Shape& shape_;
    const Forward<T>& f_;
    const Share& share_;
    const Walk walk_{shape_};
    const std::int64_t H_ = shape_.hidden;
    const int mine_ = share_.count(shape_.batch);
    Masks<T> masks_;
    const std::vector<T> zeros_;
    std::vector<Place<T>> places_;
    std::vector<const T*> seen_;
    std::vector<T> c_;
};

// One thread's part of the backward pass. In a split by units the threads meet twice a step: all gates' gradients must
// be there before any product, and all products done before the next step's gates.
template <class C, class T>
class BackwardSweep {
  public:
    BackwardSweep(const Shape& shape, const Backward<T>& b, const Share& share)
        : shape_(shape), b_(b), share_(share), masks_(shape, share), zeros_(static_cast<std::size_t>(H_)), from_(mine_) {}

    void run() {
        for (std::int64_t index = shape_.steps - 1; index >= 0; --index) {
            const std::int64_t t = walk_.step(index);
            const int count = share_.count(shape_.sizes[t]);
            for (int m = 0; m < count; ++m) gates(m, t);
            share_.meet();
            for (std::int64_t at = share_.first; at < share_.last; at += width) product(at, count);
            for (int m = 0; m < count; ++m) stop_at_reset(m, t);
            share_.meet();
        }
    }

  private:
    static constexpr int lanes = Lanes<T>::width, width = wide * lanes;

    // Gradients of rank m's gates at step t.
    void gates(int m, std::int64_t t) {
        const std::int64_t rank = share_.rank(m), row = walk_.row(t, rank), before = walk_.before(t, rank);
        const bool cleared = walk_.cleared(row);
        const T* h_prev = cleared ? zeros_.data() : before < 0 ? b_.h0 + rank * H_ : b_.y + before * b_.y_stride;
        masks_.zone(m, t);
        BackPlace<T> place{.hidden = H_,
                           .at = 0,
                           .n = 0,
                           .h_prev = h_prev,
                           .c_prev = cleared ? zeros_.data() : c_before(rank, before),
                           .y = b_.y + row * b_.y_stride,
                           .saved = b_.saved + row * slots_ * H_,
                           .grads = b_.grads + row * grads(C::cell) * H_,
                           .grad_h = b_.grad_h + rank * H_,
                           .grad_c = b_.grad_c ? b_.grad_c + rank * H_ : nullptr,
                           .zone_h = masks_.zone_of(masks_.zone_h, m),
                           .zone_c = masks_.zone_of(masks_.zone_c, m)};
        const T* seen = masks_.seen(m, h_prev);
        const T* grad_y = b_.grad_y + row * b_.grad_y_stride;
        for (std::int64_t at = share_.first; at < share_.last; at += lanes) {
            place.at = at, place.n = static_cast<int>(std::min<std::int64_t>(lanes, share_.last - at));
            store<T>(place.grad_h + at, load<T>(place.grad_h + at, place.n) + load<T>(grad_y + at, place.n), place.n);
            store<T>(b_.h_prev + row * H_ + at, load<T>(seen + at, place.n), place.n);
            C::back(place);
        }
        from_[m] = place.grads + (grads(C::cell) - C::sums) * H_;
    }

    const T* c_before(std::int64_t rank, std::int64_t before) const {
        if (!b_.c0) return nullptr;
        return before < 0 ? b_.c0 + rank * H_ : b_.saved + (before * slots_ + slots_ - 1) * H_;
    }

    // What the gates of one step hand to a block of units of h[t-1] through W_hh.
    void product(std::int64_t at, int count) {
        const T* panel = b_.weights + at * C::sums * H_;
        in_tiles<tile_rows(wide)>(count, [&]<int rows>(int first) {
            Vector<T> sum[rows][wide] = {};
            multiply<T, wide, rows>(from_.data() + first, panel, C::sums * H_, sum);
            for (int r = 0; r < rows; ++r)
                for (int g = 0; g < wide && at + g * lanes < H_; ++g) add(first + r, at + g * lanes, sum[r][g]);
        });
    }

    void add(int m, std::int64_t at, Vector<T> grad) {
        const int n = static_cast<int>(std::min<std::int64_t>(lanes, H_ - at));
        T* target = b_.grad_h + share_.rank(m) * H_ + at;
        const T* scale = masks_.zone_of(masks_.hidden, m);
        if (scale) grad *= load<T>(scale + at, n);
        store<T>(target, load<T>(target, n) + grad, n);
    }

    void stop_at_reset(int m, std::int64_t t) const {
        const std::int64_t rank = share_.rank(m), units = share_.last - share_.first;
        if (!walk_.cleared(walk_.row(t, rank))) return;
        std::fill_n(b_.grad_h + rank * H_ + share_.first, units, T(0));
        if (b_.grad_c) std::fill_n(b_.grad_c + rank * H_ + share_.first, units, T(0));
    }

    const Shape& shape_;
    const Backward<T>& b_;
    const Share& share_;
    const Walk walk_{shape_};
    const std::int64_t H_ = shape_.hidden;
    const int mine_ = share_.count(shape_.batch), slots_ = saved(C::cell, shape_.noise.zones());
    Masks<T> masks_;
    const std::vector<T> zeros_;
    std::vector<const T*> from_;
};

template <class C, class T>
void forward(const Shape& shape, const Forward<T>& f) {
    in_parallel(shape, Lanes<T>::width, [&](const Share& share) { ForwardSweep<C, T>(shape, f, share).run(); });
}

template <class C, class T>
void backward(const Shape& shape, const Backward<T>& b) {
    const std::int64_t block = wide * Lanes<T>::width;
    in_parallel(shape, block, [&](const Share& share) { BackwardSweep<C, T>(shape, b, share).run(); });
}

}  // namespace throughtime::THROUGHTIME_TARGET
