// A stack that reads its input step by step and keeps its own weights and state: the fast path for one row, or a few.
//
// A layer's products with x and with h stay apart. A call of many steps makes those with x for many rows at once. No
// step allocates memory. The order of a row's sums does not depend on the number of threads.
#pragma once

#include <limits>
#include <vector>

#include "cells.hpp"
#include "sharing.hpp"
#include "threads.hpp"

namespace throughtime::THROUGHTIME_TARGET {

// The same as multiply; where the panel comes from a far cache, the next strip is asked for while this one is multiplied.
template <class T, class S, int sums, int rows>
inline void multiply_strips(const S* const* from, const S* panel, std::int64_t depth, bool far,
                            Vector<T> (&sum)[rows][sums]) {
    constexpr std::int64_t few = 4 * pairs<S>, width = sums * lanes<S>, size = few * width, line = 64 / sizeof(S);
    const std::int64_t strip = far ? few : depth;
    for (std::int64_t k = 0; k < depth; k += strip, panel += strip * width) {
        if (far)
#pragma GCC unroll 64
            for (std::int64_t ahead = size; ahead < 2 * size; ahead += line) __builtin_prefetch(panel + ahead);
        const S* moved[rows];
        for (int r = 0; r < rows; ++r) moved[r] = from[r] + k;
        multiply<T, S, sums, rows>(moved, panel, std::min(strip, depth - k), sum);
    }
}

// The products of `count` rows, `stride` apart, with one panel, near or far: done(row, block of lanes, sums).
template <int sums, class T, class S, class Done>
inline void rows_through(const S* panel, const S* rows, std::int64_t stride, std::int64_t depth, int count, bool far,
                         const Done& done) {
    constexpr int side = across(sums), all = sums * side;
    in_tiles<tile_rows(all)>(count, [&]<int size>(int first) {
        const S* from[size];
        for (int r = 0; r < size; ++r) from[r] = rows + (first + r) * stride;
        Vector<T> sum[size][all] = {};
        multiply_strips<T, S, all, size>(from, panel, depth, far, sum);
        for (int r = 0; r < size; ++r)
            for (int block = 0; block < side; ++block) {
                Vector<T> own[sums];
                for (int g = 0; g < sums; ++g) own[g] = sum[r][g * side + block];
                done(first + r, block, own);
            }
    });
}

// Stores the first n lanes as bfloat16.
inline void store_narrow(Bfloat16* to, Vector<float> value, int n) {
#if defined(THROUGHTIME_MASKED) && defined(__AVX512BF16__) && defined(__AVX512VL__)
    _mm256_mask_storeu_epi16(to, first_lanes(n), (__m256i)_mm512_cvtneps_pbh((__m512)value));
#else
    for (int lane = 0; lane < n; ++lane) to[lane] = narrow(value[lane]);
#endif
}

// Rows as the products take them, each of an even width where they are pairs; the padding stays zero.
template <class S>
struct Rows {
    std::int64_t width;
    Lines<S> values;

    Rows(std::int64_t rows, std::int64_t width_)
        : width(blocks(width_, pairs<S>) * pairs<S>), values(static_cast<std::size_t>(rows * width), S{}) {}
    S* at(std::int64_t row) { return values.data() + row * width; }
};

template <class T>
Lines<T> copied(const T* from, std::int64_t size) {
    return from ? Lines<T>(from, from + size) : Lines<T>{};
}

// W (sums * units, depth) in panels; pairs pad an odd depth.
template <class T, class S>
Lines<S> packed_rows(int sums, const T* w, std::int64_t units, std::int64_t depth) {
    Rows<S> rows(sums * units, depth);
    for (std::int64_t row = 0; row < sums * units; ++row)
        for (std::int64_t k = 0; k < depth; ++k) {
            if constexpr (std::is_same_v<T, S>) rows.at(row)[k] = w[row * depth + k];
            else rows.at(row)[k] = narrow(w[row * depth + k]);
        }
    Lines<S> packed(static_cast<std::size_t>(packed_size(sums, units, rows.width, false, sizeof(S))));
    pack_forward<S>(sums, rows.values.data(), units, rows.width, packed.data(), 1);
    return packed;
}

// One layer: its weights, and the states of the last call's steps. S is the type of what is multiplied.
template <class C, class T, class S>
struct StreamedLayer {
    static constexpr int G = gates(C::cell);
    static constexpr bool narrowed = !std::is_same_v<T, S>;
    static constexpr std::size_t near = 1 << 20;  // bytes
    std::int64_t input, hidden, batch;
    Lines<S> weights_ih, weights_hh;
    Lines<T> bias, bias_n, peepholes, zone_h, zone_c;
    Lines<T> h;            // (slots, B, H)
    Rows<S> seen;          // (slots, B, H) h as the product takes it; empty where that is h
    Lines<T> c;            // (B, H)
    Lines<T> from_x;       // (slots - 1, B, G*H)
    std::int64_t now = 0;  // slot of the state
    bool far;              // the weights are too many for the nearer caches

    StreamedLayer(const StreamLayer<T>& l, const StreamShape& shape, std::int64_t slots)
        : input(l.input), hidden(l.hidden), batch(shape.batch),
          weights_ih(packed_rows<T, S>(G, l.weight_ih, hidden, input)),
          weights_hh(packed_rows<T, S>(C::sums, l.weight_hh, hidden, hidden)), bias(copied(l.bias, G * hidden)),
          bias_n(copied(l.bias_n, hidden)), peepholes(copied(l.peepholes, 3 * hidden)),
          h(size(slots * batch * hidden), T(0)), seen(narrowed ? slots * batch : 0, hidden),
          c(C::cell == Cell::lstm ? size(batch * hidden) : 0, T(0)), from_x(size((slots - 1) * batch * G * hidden)),
          far((weights_ih.size() + weights_hh.size()) * sizeof(S) > near) {
        if (shape.zoneout_h > 0 || shape.zoneout_c > 0) {
            zone_h.assign(size(hidden), static_cast<T>(shape.zoneout_h));
            zone_c.assign(size(hidden), static_cast<T>(shape.zoneout_c));
        }
    }

    static std::size_t size(std::int64_t count) { return static_cast<std::size_t>(count); }
    static const T* given(const Lines<T>& values) { return values.empty() ? nullptr : values.data(); }

    // The first of a call's slots: none of them is needed before it is written, but the first must not be the state's.
    std::int64_t first() const { return now == 0 ? 1 : 0; }
    T* h_at(std::int64_t slot) { return h.data() + slot * batch * hidden; }

    const S* seen_at(std::int64_t slot) {
        if constexpr (narrowed) return seen.at(slot * batch);
        else return h_at(slot);
    }
    std::int64_t seen_width() const { return narrowed ? seen.width : hidden; }
    std::int64_t input_width() const { return blocks(input, pairs<S>) * pairs<S>; }

    static int inside(std::int64_t unit, std::int64_t units) {
        return static_cast<int>(std::clamp<std::int64_t>(units - unit, 0, Lanes<T>::width));
    }

    // W_ih x + bias of `count` rows, for some units. Flat, or else calls are left inside the loops: a fifth of a step.
    [[gnu::flatten]] void project(const S* x, int count, Range units) {
        for (std::int64_t at = units.first; at < units.last; at += panel_units<S>(G))
            rows_through<G, T>(weights_ih.data() + at * G * input_width(), x, input_width(), input_width(), count, far,
                               [&](int row, int block, const Vector<T>* sum) {
                                   const std::int64_t unit = at + block * Lanes<T>::width;
                                   const int n = inside(unit, hidden);
                                   T* to = from_x.data() + row * G * hidden + unit;
                                   for (int g = 0; g < G && n > 0; ++g, to += hidden)
                                       store<T>(to, bias.empty() ? sum[g] : sum[g] + biases(g, unit, n), n);
                               });
    }
    Vector<T> biases(int gate, std::int64_t unit, int n) const {
        return load<T>(bias.data() + gate * hidden + unit, n);
    }

    // Step number `step` of a call, from slot `before` to slot `after`, for some units.
    [[gnu::flatten]] void advance(std::int64_t step, std::int64_t before, std::int64_t after, Range units) {
        for (std::int64_t at = units.first; at < units.last; at += panel_units<S>(C::sums))
            rows_through<C::sums, T>(weights_hh.data() + at * C::sums * seen_width(), seen_at(before), seen_width(),
                                     seen_width(), static_cast<int>(batch), far,
                                     [&](int row, int block, const Vector<T>* sum) {
                                         const std::int64_t unit = at + block * Lanes<T>::width;
                                         if (unit < hidden) finish(step * batch + row, row, before, after, unit, sum);
                                     });
    }

    void finish(std::int64_t token, std::int64_t row, std::int64_t before, std::int64_t after, std::int64_t unit,
                const Vector<T>* sum) {
        Place<T> p{};
        p.hidden = hidden, p.at = unit, p.n = inside(unit, hidden);
        p.from_x = from_x.data() + token * G * hidden;
        p.bias_n = given(bias_n), p.peepholes = given(peepholes);
        p.zone_h = given(zone_h), p.zone_c = given(zone_c);
        p.h_prev = h_at(before) + row * hidden, p.out = h_at(after) + row * hidden;
        if (C::cell == Cell::lstm) p.c_prev = p.c = c.data() + row * hidden;
        C::finish(p, sum);
        if constexpr (narrowed) store_narrow(seen.at(after * batch + row) + unit, p.get(p.out), p.n);
    }

    // Goes on with some rows; the weights stay as they are.
    void select(const std::int64_t* rows, std::int64_t count, std::int64_t slots) {
        Lines<T> state(size(slots * count * hidden), T(0)), memory(c.empty() ? 0 : size(count * hidden));
        for (std::int64_t row = 0; row < count; ++row) {
            std::copy_n(h_at(now) + rows[row] * hidden, hidden, state.data() + row * hidden);
            if (!c.empty()) std::copy_n(c.data() + rows[row] * hidden, hidden, memory.data() + row * hidden);
        }
        Rows<S> taken(narrowed ? slots * count : 0, hidden);
        if constexpr (narrowed)
            for (std::int64_t row = 0; row < count; ++row)
                std::copy_n(seen.at(now * batch + rows[row]), seen.width, taken.at(row));
        h = std::move(state), c = std::move(memory), seen = std::move(taken);
        from_x.resize(size((slots - 1) * count * G * hidden));
        batch = count, now = 0;
    }

    void read(T* to_h, T* to_c) {
        std::copy_n(h_at(now), batch * hidden, to_h);
        if (to_c) std::copy(c.begin(), c.end(), to_c);
    }

    void write(const T* from_h, const T* from_c) {
        std::copy_n(from_h, batch * hidden, h_at(now));
        if (from_c) std::copy_n(from_c, c.size(), c.data());
        if constexpr (narrowed)
            for (std::int64_t row = 0; row < batch; ++row)
                for (std::int64_t k = 0; k < hidden; ++k)
                    seen.at(now * batch + row)[k] = narrow(from_h[row * hidden + k]);
    }
};

template <class C, class T, class S>
class StackStream final : public Stream {
  public:
    StackStream(const StreamShape& shape, const std::vector<StreamLayer<T>>& layers)
        : batch_(shape.batch), steps_(std::max<std::int64_t>(1, enough_rows / shape.batch)),
          x_(narrowed ? steps_ * batch_ : 0, layers.front().input) {
        for (const StreamLayer<T>& layer : layers) {
            layers_.emplace_back(layer, shape, steps_ + 1);
            parts_ = std::min(parts_, blocks(layer.hidden, panel_units<S>(C::sums)));
        }
        count_work();
    }

    void select(const std::int64_t* rows, std::int64_t count) override {
        batch_ = count, steps_ = std::max<std::int64_t>(1, enough_rows / count);
        x_ = Rows<S>(narrowed ? steps_ * batch_ : 0, layers_.front().input);
        for (Layer& layer : layers_) layer.select(rows, count, steps_ + 1);
        count_work();
    }

    std::int64_t work() const override { return work_; }

    void run(const void* x, void* y, std::int64_t steps) override {
        const std::int64_t in = batch_ * layers_.front().input, out = batch_ * layers_.back().hidden;
        const T* from = static_cast<const T*>(x);
        T* to = static_cast<T*>(y);
        for (std::int64_t count; steps > 0; steps -= count, from += count * in, to += count * out) {
            count = std::min(steps, steps_);
            share_out(entered(from, count), count);
            for (Layer& layer : layers_) layer.now = layer.first() + count - 1;
            std::copy_n(layers_.back().h_at(layers_.back().now - (count - 1)), count * out, to);
        }
    }

    void read(std::int64_t layer, void* h, void* c) override {
        layers_[static_cast<std::size_t>(layer)].read(static_cast<T*>(h), static_cast<T*>(c));
    }
    void write(std::int64_t layer, const void* h, const void* c) override {
        layers_[static_cast<std::size_t>(layer)].write(static_cast<const T*>(h), static_cast<const T*>(c));
    }

  private:
    using Layer = StreamedLayer<C, T, S>;
    static constexpr bool narrowed = Layer::narrowed;
    static constexpr std::int64_t enough_rows = 64;  // for full register tiles

    void count_work() {
        work_ = 0;
        for (const Layer& layer : layers_)
            work_ += batch_ * gates(C::cell) * layer.hidden * (layer.input + layer.hidden);
    }

    // x as the products take it.
    const S* entered(const T* x, std::int64_t count) {
        if constexpr (!narrowed) {
            return x;
        } else {
            const std::int64_t input = layers_.front().input;
            for (std::int64_t row = 0; row < count * batch_; ++row)
                for (std::int64_t k = 0; k < input; k += Lanes<T>::width) {
                    const int n = Layer::inside(k, input);
                    store_narrow(x_.at(row) + k, load<T>(x + row * input + k, n), n);
                }
            return x_.at(0);
        }
    }

    void share_out(const S* x, std::int64_t count) {
        const int threads = worth_sharing() && sharing_.begin(work_ * count) ? most() : 1;
        if (threads == 1) return sweep(x, count, 0, 1, nullptr);
        Barrier barrier(threads);
#pragma omp parallel num_threads(threads)
        if (omp_get_num_threads() == threads) sweep(x, count, omp_get_thread_num(), threads, &barrier);
        else if (omp_get_thread_num() == 0) sweep(x, count, 0, 1, nullptr);
        sharing_.end(work_ * count);
    }
    int most() const { return static_cast<int>(std::min<std::int64_t>(omp_get_max_threads(), parts_)); }
    bool worth_sharing() const { return work_ >= 3 << 16 && most() > 1; }

    // One thread's units of every layer and step.
    void sweep(const S* x, std::int64_t count, int thread, int threads, Barrier* barrier) {
        for (Layer& layer : layers_) {
            const Range units = part(layer.hidden, panel_units<S>(C::sums), thread, threads);
            layer.project(x, static_cast<int>(count * batch_), units);
            for (std::int64_t step = 0, before = layer.now; step < count; ++step) {
                const std::int64_t after = layer.first() + step;
                layer.advance(step, before, after, units);
                before = after;
                if (barrier && (&layer != &layers_.back() || step + 1 < count)) barrier->wait();
            }
            x = layer.seen_at(layer.first());
        }
    }

    std::int64_t batch_, steps_;  // steps that are made at once
    Rows<S> x_;                   // (steps, B, I) the first layer's input, where it is narrowed
    std::vector<Layer> layers_;
    std::int64_t work_ = 0;       // multiplications of a step
    std::int64_t parts_ = std::numeric_limits<int>::max();  // ranges of units that every layer has
    Sharing sharing_;
};

}  // namespace throughtime::THROUGHTIME_TARGET
