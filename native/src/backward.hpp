// The time loop, backward: gradients of the gates and of the state. Weight gradients are large products of what it
// leaves, and are the caller's.
//
// Threads that split the units meet between the stages of a step: what one stage leaves of a row, the next reads whole.
#pragma once

#include "cells.hpp"
#include "heads.hpp"
#include "norm.hpp"
#include "walk.hpp"

namespace throughtime::THROUGHTIME_TARGET {

// One thread's part of the backward pass.
template <class C, class T>
class BackwardSweep {
  public:
    BackwardSweep(const Shape& shape, const Backward<T>& b, const Share& share, Lines<T>& late, Lines<T>& grad_m)
        : shape_(shape), b_(b), share_(share), masks_(shape, share),
          zeros_(static_cast<std::size_t>(std::max(CH_, P_))), rows_(mine_), places_(mine_), from_(mine_) {
        for (int m = 0; m < mine_; ++m) settle(m, late, grad_m);
    }

    void run() {
        for (std::int64_t index = shape_.steps - 1; index >= 0; --index) step(walk_.step(index));
    }

  private:
    static constexpr int lanes = Lanes<T>::width, G = gates(C::cell);
    static constexpr int first_recurrent = grads(C::cell) - G;  // gradients that only the input's projection needs

    void step(std::int64_t t) {
        const int count = share_.count(shape_.sizes[t]);
        for (int m = 0; m < count; ++m) enter(m, t);
        if (b_.weights_hr) project_back(count);
        if constexpr (C::cell == Cell::lstm)
            if (b_.extras.gain_c) normalise_c_back(count);
        for (int m = 0; m < count; ++m) each_block(m, [&] { C::back(places_[m]); });
        if constexpr (C::apart) {
            share_.meet();
            recurrent<1>(b_.weights_n, H_, H_, share_.units, C::sums, count,
                         [&](int m, std::int64_t unit, Vector<T> sum) {
                             stand(m, unit);
                             add_h(m, unit, C::back_open(places_[m], sum));
                         });
        }
        share_.meet();
        recurrent<C::sums>(b_.weights, C::sums * H_, P_, share_.outputs, 0, count,
                           [&](int m, std::int64_t unit, Vector<T> sum) { add_h(m, unit, sum); });
        for (int m = 0; m < count; ++m) stop_at_reset(m);
        share_.meet();
    }

    // What of a rank's places is the same at every step.
    void settle(int m, Lines<T>& late, Lines<T>& grad_m) {
        const std::int64_t rank = share_.rank(m);
        BackPlace<T>& p = places_[m];
        p.hidden = H_;
        p.peepholes = b_.extras.peepholes, p.gain_c = b_.extras.gain_c, p.shift_c = b_.extras.shift_c;
        p.grad_h = b_.grad_h + rank * P_;
        p.grad_c = b_.grad_c ? b_.grad_c + rank * CH_ : nullptr;
        p.grad_m = b_.weights_hr ? grad_m.data() + rank * H_ : nullptr;
        p.late = late.empty() ? nullptr : late.data() + rank * H_;
        p.zone_h = masks_.zone_h_of(m), p.zone_c = masks_.zone_c_of(m);
        p.sum_peepholes = sums(0), p.sum_gain_c = sums(3 + G), p.sum_shift_c = sums(4 + G);
    }

    // This thread's sums of gradients, from `slot` units of H on.
    T* sums(int slot) const {
        return b_.sums ? b_.sums + share_.thread * sums_width(C::cell, shape_) + slot * H_ : nullptr;
    }

    // Finds the places of rank m's values at step t, and adds the gradient that comes from outside.
    void enter(int m, std::int64_t t) {
        const std::int64_t rank = share_.rank(m), row = walk_.row(t, rank), before = walk_.before(t, rank);
        const bool cleared = walk_.cleared(row);
        const Extras<T>& extras = b_.extras;
        BackPlace<T>& p = places_[m];
        rows_[m] = row;
        masks_.zone(m, t);
        const T* start = extras.restart_h ? extras.restart_h : zeros_.data();
        p.h_prev = cleared ? start : before < 0 ? b_.h0 + rank * P_ : b_.y + before * b_.y_stride;
        p.seen = masks_.seen(m, p.h_prev);
        p.c_prev = !cleared ? c_before(rank, before) : extras.restart_c ? extras.restart_c : zeros_.data();
        p.y = b_.y + row * b_.y_stride;
        p.saved = b_.saved + row * kept_.slots * H_;
        p.grads = b_.grads + row * grads(C::cell) * H_;
        p.m = b_.m ? b_.m + row * H_ : nullptr;
        p.reset_h = b_.reset_h ? b_.reset_h + row * H_ : nullptr;
        const T* grad_y = b_.grad_y + row * b_.grad_y_stride;
        in_blocks<T>(share_.outputs.first, share_.outputs.last, [&](std::int64_t at, int n) {
            store<T>(p.grad_h + at, load<T>(p.grad_h + at, n) + load<T>(grad_y + at, n), n);
            store<T>(b_.h_prev + row * P_ + at, load<T>(p.seen + at, n), n);
        });
    }

    const T* c_before(std::int64_t rank, std::int64_t before) const {
        if (!b_.c0) return nullptr;
        return before < 0 ? b_.c0 + rank * CH_ : b_.saved + (before * kept_.slots + kept_.carry) * H_;
    }

    void stand(int m, std::int64_t unit) {
        places_[m].at = unit;
        places_[m].n = inside(unit, H_);
    }

    template <class Work>
    void each_block(int m, const Work& work) {
        in_blocks<T>(share_.units.first, share_.units.last, [&](std::int64_t unit, int) {
            stand(m, unit);
            work();
        });
    }

    // h = W_hr m and its zoneout: the gradient of h before zoneout, kept for W_hr, and that of m.
    void project_back(int count) {
        for (int m = 0; m < count; ++m) {
            BackPlace<T> p = places_[m];
            in_blocks<T>(share_.outputs.first, share_.outputs.last, [&](std::int64_t at, int n) {
                Vector<T> old;
                p.at = at, p.n = n;
                const Vector<T> fresh = p.fresh(p.zone_h, p.grad_h, old);
                store<T>(b_.grad_m + rows_[m] * P_ + at, fresh, n);
                p.put(p.grad_h, old);
            });
            from_[m] = b_.grad_m + rows_[m] * P_;
        }
        share_.meet();
        through(b_.weights_hr, P_, H_, share_.units, count,
                [&](int m, std::int64_t unit, int n, Vector<T> sum) { store<T>(places_[m].grad_m + unit, sum, n); });
    }

    void normalise_c_back(int count) {
        for (int m = 0; m < count; ++m) {
            BackPlace<T>& p = places_[m];
            p.mean_c = b_.stats[rows_[m] * stats + 2], p.scale_c = b_.stats[rows_[m] * stats + 3];
            each_block(m, [&] { C::back_late(p); });
        }
        share_.meet();
        for (int m = 0; m < count; ++m) {
            BackPlace<T>& p = places_[m];
            const T* c = p.saved + 4 * H_;
            const Means<T> over = means<T>(
                H_, [&](std::int64_t at, int n) { return load<T>(p.late + at, n); },
                [&](std::int64_t at, int n) { return (load<T>(c + at, n) - p.mean_c) * p.scale_c; });
            p.late_mean = over.plain, p.late_slope = over.slope;
        }
    }

    // Through the layer norm of a stage's products, where there is one, and through their weights: add(row, unit, sum).
    template <int count_of_gates, class Add>
    void recurrent(const T* weights, std::int64_t depth, std::int64_t width, const Range& range, int first_gate,
                   int count, const Add& add) {
        for (int m = 0; m < count; ++m) from_[m] = places_[m].grads + (first_recurrent + first_gate) * H_;
        if (b_.extras.gain) normalise_back<count_of_gates>(first_gate, count);
        through(weights, depth, width, range, count, [&](int m, std::int64_t unit, int n, Vector<T> sum) {
            if (n > 0) add(m, unit, sum);
        });
    }

    template <int count_of_gates>
    void normalise_back(int first_gate, int count) {
        T* sum_gain = sums(3) + first_gate * H_;
        const T* gain = b_.extras.gain + first_gate * H_;
        for (int m = 0; m < count; ++m) {
            const T *grad = from_[m], *normed = places_[m].saved + (kept_.normed + first_gate) * H_;
            const T scale = b_.stats[rows_[m] * stats + (first_gate > 0)];
            T* raw = b_.raw + (rows_[m] * G + first_gate) * H_;
            const Means<T> over = means<T>(
                count_of_gates * H_,
                [&](std::int64_t at, int n) { return load<T>(grad + at, n) * load<T>(gain + at, n); },
                [&](std::int64_t at, int n) { return load<T>(normed + at, n); });
            for (int g = 0; g < count_of_gates; ++g)
                in_blocks<T>(g * H_ + share_.units.first, g * H_ + share_.units.last, [&](std::int64_t at, int n) {
                    const Vector<T> value = load<T>(grad + at, n), hat = load<T>(normed + at, n);
                    store<T>(raw + at, scale * (value * load<T>(gain + at, n) - over.plain - hat * over.slope), n);
                    store<T>(sum_gain + at, load<T>(sum_gain + at, n) + value * hat, n);
                });
            from_[m] = raw;
        }
        share_.meet();
    }

    // The products of all rows with packed weights: done(row, unit, units inside, sum).
    template <class Done>
    void through(const T* weights, std::int64_t depth, std::int64_t width, const Range& range, int count,
                 const Done& done) {
        const auto ahead = [](int) {};
        const auto multiplied = [&](int m, std::int64_t unit, const Vector<T>* sum) {
            done(m, unit, inside(unit, width), sum[0]);
        };
        for (std::int64_t at = range.first; at < range.last; at += panel_units<T>(1)) {
            if constexpr (has_heads(C::cell)) heads_.through(at, from_.data(), count, ahead, multiplied);  // W_hh alone
            else through_panel<1, T>(weights, at, from_.data(), depth, count, ahead, multiplied);
        }
    }

    // What reaches h[t-1] as the product saw it.
    void add_h(int m, std::int64_t at, Vector<T> grad) {
        const int n = inside(at, P_);
        const T* scale = masks_.hidden_of(m);
        if (scale) grad *= load<T>(scale + at, n);
        T* to = places_[m].grad_h + at;
        store<T>(to, load<T>(to, n) + grad, n);
    }

    // A reset cuts the state's gradient off, or turns it to what the reset returns to.
    void stop_at_reset(int m) {
        if (!walk_.cleared(rows_[m])) return;
        turn(places_[m].grad_h, b_.extras.restart_h ? sums(5 + G) : nullptr, share_.outputs);
        for (std::int64_t at = 0; b_.grad_c && at < CH_; at += H_)
            turn(places_[m].grad_c + at, b_.extras.restart_c ? sums(5 + G) + P_ + at : nullptr, share_.units);
    }

    static void turn(T* grad, T* to, const Range& range) {
        in_blocks<T>(range.first, range.last, [&](std::int64_t at, int n) {
            if (to) store<T>(to + at, load<T>(to + at, n) + load<T>(grad + at, n), n);
            store<T>(grad + at, Vector<T>{}, n);
        });
    }

    static int inside(std::int64_t unit, std::int64_t units) {
        return static_cast<int>(std::clamp<std::int64_t>(units - unit, 0, lanes));
    }

    const Shape& shape_;
    const Backward<T>& b_;
    const Share& share_;
    const Walk walk_{shape_};
    const std::int64_t H_ = shape_.hidden, P_ = shape_.width, CH_ = carried(C::cell) * H_;
    const int mine_ = share_.count(shape_.batch);
    const Saved kept_ = saved(C::cell, {shape_.noise.zones(), b_.weights_hr != nullptr, b_.extras.gain != nullptr});
    Masks<T> masks_;
    HeadProduct<T, 1> heads_{b_.weights, G * H_, G, has_heads(C::cell) ? share_.outputs : Range{}, mine_};
    const std::vector<T> zeros_;
    std::vector<std::int64_t> rows_;  // of this step's ranks
    std::vector<BackPlace<T>> places_;
    std::vector<const T*> from_;      // what enters the product
};

template <class C, class T>
void backward(const Shape& shape, const Backward<T>& b) {
    const auto size = static_cast<std::size_t>(shape.batch * shape.hidden);
    Lines<T> late(b.extras.gain_c ? size : 0), grad_m(b.weights_hr ? size : 0);
    in_parallel(shape, panel_units<T>(1), panel_units<T>(1),
                [&](const Share& share) { BackwardSweep<C, T>(shape, b, share, late, grad_m).run(); });
}

}  // namespace throughtime::THROUGHTIME_TARGET
