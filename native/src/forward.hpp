// The time loop, forward: written once for every cell, type and target.
//
// Inside a step the panels of weights are the outer loop and tiles of rows the inner one, so a panel is read from far
// memory once a step. The input's projection is made a few steps ahead, so that it never leaves the near caches.
#pragma once

#include "cells.hpp"
#include "heads.hpp"
#include "norm.hpp"
#include "walk.hpp"

namespace throughtime::THROUGHTIME_TARGET {

// What the threads of one sweep share, by rank.
template <class C, class T, class S>
struct Room {
    Lines<T> h, c, fresh_c, gate, raw, m;  // h: where y is too narrow to hold the state
    std::vector<S> h0;

    Room(const Shape& shape, const Forward<T, S>& f) {
        const auto rows = [&](std::int64_t width) { return static_cast<std::size_t>(shape.batch * width); };
        if (f.c0) c.assign(f.c0, f.c0 + rows(carried(C::cell) * shape.hidden));
        if (f.extras.gain_c) fresh_c.resize(rows(shape.hidden));
        if (f.extras.gain_c || C::apart) gate.resize(rows(shape.hidden));
        if (f.extras.gain) raw.resize(rows(gates(C::cell) * shape.hidden));
        if (f.weights_hr || C::apart) m.resize(rows(shape.hidden));
        if constexpr (!std::is_same_v<T, S>) {
            h.assign(f.h0, f.h0 + rows(shape.width));
            for (const T value : h) h0.push_back(narrow(value));
        }
    }
    static T* of(Lines<T>& rows, std::int64_t rank, std::int64_t width) {
        return rows.empty() ? nullptr : rows.data() + rank * width;
    }
};

// One thread's part of the forward pass.
template <class C, class T, class S>
class ForwardSweep {
  public:
    ForwardSweep(const Shape& shape, const Forward<T, S>& f, const Share& share, Room<C, T, S>& room)
        : shape_(shape), f_(f), share_(share), room_(room), masks_(shape, share),
          zeros_(static_cast<std::size_t>(std::max(CH_, P_))), narrow_zeros_(static_cast<std::size_t>(P_)),
          rows_(mine_), places_(mine_), from_(mine_) {
        for (int m = 0; m < mine_; ++m) settle(m);
    }

    void run() {
        for (std::int64_t index = 0; index < shape_.steps;) {
            const std::int64_t end = f_.x ? project_ahead(index) : shape_.steps;
            for (; index < end; ++index) step(walk_.step(index));
        }
        for (int m = 0; m < mine_; ++m) leave(m);
    }

  private:
    static constexpr int G = gates(C::cell);
    static constexpr bool wide_state = !std::is_same_v<T, S>;

    // W_ih x for as many steps as make full tiles of rows; returns the step after them.
    std::int64_t project_ahead(std::int64_t index) {
        constexpr std::size_t enough = 64;
        std::vector<const S*> rows;
        do {
            const std::int64_t t = walk_.step(index++);
            for (int m = 0; m < share_.count(shape_.sizes[t]); ++m)
                rows.push_back(f_.x + walk_.row(t, share_.rank(m)) * f_.x_stride);
        } while (index < shape_.steps && rows.size() < enough);
        const std::int64_t width = G * H_;
        from_x_.resize(std::max(from_x_.size(), rows.size() * static_cast<std::size_t>(width)));
        for (std::int64_t at = share_.units.first; at < share_.units.last; at += panel_units<S>(G))
            through_panel<G, T>(
                f_.weights_ih, at, rows.data(), shape_.input, static_cast<int>(rows.size()), [](int) {},
                [&](int r, std::int64_t unit, const Vector<T>* sum) {
                    const int n = inside(unit, H_);
                    for (int g = 0; g < G && n > 0; ++g) {
                        const Vector<T> bias = f_.bias ? load<T>(f_.bias + g * H_ + unit, n) : Vector<T>{};
                        store<T>(from_x_.data() + r * width + g * H_ + unit, sum[g] + bias, n);
                    }
                });
        projected_ = from_x_.data();
        return index;
    }

    void step(std::int64_t t) {
        const int count = share_.count(shape_.sizes[t]);
        for (int m = 0; m < count; ++m) enter(m, t);
        if constexpr (C::apart) {
            products<C::sums>(f_.weights, P_, count, 0, [&](int m, const Vector<T>* sum) { C::open(places_[m], sum); });
            share_.meet();
            for (int m = 0; m < count; ++m) from_[m] = places_[m].reset_h;
            products<1>(f_.weights_n, H_, count, C::sums,
                        [&](int m, const Vector<T>* sum) { C::finish(places_[m], sum); });
        } else {
            products<C::sums>(f_.weights, P_, count, 0, [&](int m, const Vector<T>* sum) { finish(m, sum); });
        }
        if constexpr (C::cell == Cell::lstm)
            if (f_.extras.gain_c) normalise_c(count);
        if (f_.weights_hr) project_out(count);
        share_.meet();
    }

    // What of a rank's places is the same at every step.
    void settle(int m) {
        const std::int64_t rank = share_.rank(m);
        Place<T>& p = places_[m];
        p.hidden = H_;
        p.bias_n = f_.extras.bias_n, p.peepholes = f_.extras.peepholes;
        p.c = room_.of(room_.c, rank, CH_);
        p.fresh_c = room_.of(room_.fresh_c, rank, H_);
        p.gate = room_.of(room_.gate, rank, H_);
        p.reset_h = C::apart ? room_.of(room_.m, rank, H_) : nullptr;
        p.carry = kept_.carry;
        p.zone_h = f_.weights_hr ? nullptr : masks_.zone_h_of(m), p.zone_c = masks_.zone_c_of(m);
        p.out = f_.weights_hr ? room_.of(room_.m, rank, H_) : room_.of(room_.h, rank, P_);
    }

    // Finds the places of rank m's values at step t.
    void enter(int m, std::int64_t t) {
        const std::int64_t rank = share_.rank(m), row = walk_.row(t, rank), before = walk_.before(t, rank);
        const bool cleared = walk_.cleared(row);
        Place<T>& p = places_[m];
        rows_[m] = row;
        masks_.zone(m, t);
        p.from_x = f_.x ? projected_ : f_.from_x + row * G * H_;
        projected_ += G * H_;
        p.saved = f_.saved ? f_.saved + row * kept_.slots * H_ : nullptr;
        p.c_prev = !cleared ? p.c : f_.extras.restart_c ? f_.extras.restart_c : zeros_.data();
        const T* start = f_.extras.restart_h ? f_.extras.restart_h : zeros_.data();
        if constexpr (wide_state) {
            p.h_prev = cleared ? start : p.out;
            from_[m] = cleared      ? narrow_zeros_.data()
                       : before < 0 ? room_.h0.data() + rank * P_
                                    : f_.y + before * f_.y_stride;
        } else {
            if (!f_.weights_hr) p.out = f_.y + row * f_.y_stride;
            p.h_prev = cleared ? start : before < 0 ? f_.h0 + rank * P_ : f_.y + before * f_.y_stride;
            p.seen = from_[m] = masks_.seen(m, p.h_prev);
        }
    }

    // One stage's recurrent products, layer-normalised where the cell is: done(row, products) for each of our blocks.
    template <int sums, class Done>
    void products(const S* weights, std::int64_t depth, int count, int first_gate, const Done& done) {
        const auto ahead = [&](std::int64_t at) {
            return [this, at, first_gate](int m) {
                for (int g = 0; g < sums; ++g) __builtin_prefetch(places_[m].from_x + (first_gate + g) * H_ + at);
            };
        };
        const auto stand = [&](int m, std::int64_t unit) {
            places_[m].at = unit;
            return (places_[m].n = inside(unit, H_)) > 0;
        };
        T* raw = f_.extras.gain ? room_.raw.data() + first_gate * H_ : nullptr;
        const auto multiplied = [&](int m, std::int64_t unit, const Vector<T>* sum) {
            if (!stand(m, unit)) return;
            if (!f_.extras.gain) return done(m, sum);
            for (int g = 0; g < sums; ++g) places_[m].put(raw + share_.rank(m) * G * H_, sum[g], g);
        };
        for (std::int64_t at = share_.units.first; at < share_.units.last; at += panel_units<S>(sums)) {
            if constexpr (has_heads(C::cell)) heads_.through(at, from_.data(), count, ahead(at), multiplied);
            else through_panel<sums, T>(weights, at, from_.data(), depth, count, ahead(at), multiplied);
        }
        if (!f_.extras.gain) return;
        share_.meet();
        for (int m = 0; m < count; ++m) {
            const T* row = raw + share_.rank(m) * G * H_;
            const Moments<T> all = moments<T>(row, sums * H_);
            if (f_.stats) f_.stats[rows_[m] * stats + (first_gate > 0)] = all.scale;
            in_blocks<T>(share_.units.first, share_.units.last, [&](std::int64_t unit, int) {
                stand(m, unit);
                Vector<T> normed[sums];
                for (int g = 0; g < sums; ++g) normed[g] = normalised(places_[m], row, all, first_gate, g);
                done(m, normed);
            });
        }
    }

    Vector<T> normalised(const Place<T>& p, const T* row, Moments<T> all, int first_gate, int g) const {
        const Vector<T> normed = (p.get(row, g) - all.mean) * all.scale;
        if (p.saved) p.keep(kept_.normed + first_gate + g, normed);
        return normed * p.get(f_.extras.gain, first_gate + g) + p.get(f_.extras.shift, first_gate + g);
    }

    void finish(int m, const Vector<T>* sum) {
        Place<T>& p = places_[m];
        C::finish(p, sum);
        if constexpr (wide_state)
            for (std::int64_t unit = p.at; unit < p.at + p.n; ++unit)
                f_.y[rows_[m] * f_.y_stride + unit] = narrow(p.out[unit]);
    }

    void normalise_c(int count) {
        share_.meet();
        for (int m = 0; m < count; ++m) {
            Place<T>& p = places_[m];
            const Moments<T> all = moments<T>(p.fresh_c, H_);
            if (f_.stats) {
                f_.stats[rows_[m] * stats + 2] = all.mean;
                f_.stats[rows_[m] * stats + 3] = all.scale;
            }
            in_blocks<T>(share_.units.first, share_.units.last, [&](std::int64_t unit, int n) {
                p.at = unit, p.n = n;
                C::late(p, f_.extras.gain_c, f_.extras.shift_c, all.mean, all.scale);
            });
        }
    }

    // h = W_hr m, and zoneout.
    void project_out(int count) {
        if constexpr (!wide_state) {
            share_.meet();
            for (int m = 0; m < count; ++m) from_[m] = room_.of(room_.m, share_.rank(m), H_);
            for (std::int64_t at = share_.outputs.first; at < share_.outputs.last; at += panel_units<S>(1))
                through_panel<1, T>(
                    f_.weights_hr, at, from_.data(), H_, count, [](int) {},
                    [&](int m, std::int64_t unit, const Vector<T>* sum) {
                        Place<T> p = places_[m];
                        p.at = unit, p.n = inside(unit, P_);
                        p.out = f_.y + rows_[m] * f_.y_stride, p.zone_h = masks_.zone_h_of(m);
                        if (p.n > 0) p.hand_on(sum[0]);
                    });
        }
    }

    static int inside(std::int64_t unit, std::int64_t units) {
        return static_cast<int>(std::clamp<std::int64_t>(units - unit, 0, Lanes<T>::width));
    }

    // Rank m's final state.
    void leave(int m) const {
        const std::int64_t rank = share_.rank(m), last = walk_.last(rank);
        for (std::int64_t unit = share_.outputs.first; unit < share_.outputs.last; ++unit) {
            T& to = f_.h_n[rank * P_ + unit];
            if (last < 0) to = f_.h0[rank * P_ + unit];
            else if constexpr (wide_state) to = room_.h[static_cast<std::size_t>(rank * P_ + unit)];
            else to = f_.y[last * f_.y_stride + unit];
        }
        if (!f_.c_n) return;
        for (std::int64_t at = rank * CH_ + share_.units.first; at < (rank + 1) * CH_; at += H_)
            std::copy_n(room_.c.data() + at, share_.units.size(), f_.c_n + at);
    }

    const Shape& shape_;
    const Forward<T, S>& f_;
    const Share& share_;
    Room<C, T, S>& room_;
    const Walk walk_{shape_};
    const std::int64_t H_ = shape_.hidden, P_ = shape_.width, CH_ = carried(C::cell) * H_;
    const int mine_ = share_.count(shape_.batch);
    const Saved kept_ = saved(C::cell, {shape_.noise.zones(), f_.weights_hr != nullptr, f_.extras.gain != nullptr});
    Masks<T> masks_;
    HeadProduct<S, C::sums> heads_{f_.weights, P_, 1, has_heads(C::cell) ? share_.units : Range{}, mine_};
    const std::vector<T> zeros_;
    const std::vector<S> narrow_zeros_;
    std::vector<std::int64_t> rows_;  // of this step's ranks
    std::vector<Place<T>> places_;
    std::vector<const S*> from_;      // what enters the product
    Lines<T> from_x_;                 // the input's projection of some steps
    const T* projected_ = nullptr;    // its next row
};

template <class C, class T, class S>
void forward(const Shape& shape, const Forward<T, S>& f) {
    Room<C, T, S> room(shape, f);
    const std::int64_t block = std::max(panel_units<S>(C::sums), C::apart ? panel_units<S>(1) : 0);
    in_parallel(shape, block, f.weights_hr ? panel_units<S>(1) : block,
                [&](const Share& share) { ForwardSweep<C, T, S>(shape, f, share, room).run(); });
}

}  // namespace throughtime::THROUGHTIME_TARGET
