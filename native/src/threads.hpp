// Who sweeps what: rows split without barriers, or units split with one.
#pragma once

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <optional>
#include <thread>

#include "tile.hpp"

namespace throughtime::THROUGHTIME_TARGET {

// What a thread throws may not leave an OpenMP region: it is kept here, and thrown again after the region.
class Caught {
  public:
    template <class Work>
    void during(const Work& work) {
        try {
            work();
        } catch (...) {
            if (!any_.exchange(true)) first_ = std::current_exception();
        }
    }
    bool any() const { return any_.load(std::memory_order_relaxed); }
    void rethrow() const {
        if (first_) std::rethrow_exception(first_);
    }

  private:
    std::atomic<bool> any_{false};
    std::exception_ptr first_;
};

// A barrier for threads that meet every few microseconds: it spins, and yields where a thread is late. It throws where
// a thread will never come.
class Barrier {
  public:
    explicit Barrier(int threads, const Caught* caught = nullptr) : threads_(threads), caught_(caught) {}

    void wait() {
        const unsigned round = round_.load(std::memory_order_relaxed);
        if (arrived_.fetch_add(1, std::memory_order_acq_rel) == threads_ - 1) {
            arrived_.store(0, std::memory_order_relaxed);
            round_.store(round + 1, std::memory_order_release);
            return;
        }
        for (int spins = 0; round_.load(std::memory_order_acquire) == round; ++spins) {
            if (spins <= 20000) continue;
            if (caught_ && caught_->any()) throw Abandoned{};
            std::this_thread::yield();
        }
    }

  private:
    struct Abandoned {};
    const int threads_;
    const Caught* const caught_;
    alignas(64) std::atomic<int> arrived_{0};
    alignas(64) std::atomic<unsigned> round_{0};
};

struct Range {
    std::int64_t first, last;
    std::int64_t size() const { return last - first; }
};

// What one thread sweeps. Rows are split by rank (every threads-th one, so that ragged work is shared evenly) and never
// wait for each other. With too few rows for that, all threads take all ranks and a range of units each, and meet at a
// barrier between the stages of a step.
struct Share {
    int thread, threads;
    Range units;    // of H
    Range outputs;  // of P
    Barrier* barrier;

    int count(std::int64_t alive) const { return static_cast<int>((alive - thread + threads - 1) / threads); }
    std::int64_t rank(int index) const { return thread + static_cast<std::int64_t>(index) * threads; }
    void meet() const {
        if (barrier) barrier->wait();
    }
};

// A thread's part of `units`, in whole blocks.
inline Range part(std::int64_t units, std::int64_t block, int thread, int team) {
    const std::int64_t count = blocks(units, block);
    return {std::min(count * thread / team * block, units), std::min(count * (thread + 1) / team * block, units)};
}

// Runs work(share) on every thread; `block` is the granule of a split by units, `output_block` that of one by outputs.
template <class Work>
void in_parallel(const Shape& shape, std::int64_t block, std::int64_t output_block, const Work& work) {
    constexpr std::int64_t enough_rows = 6;  // per thread; fewer leave most of a register tile empty
    const std::int64_t most = std::max(1, shape.threads);
    const Range units{0, shape.hidden}, outputs{0, shape.width};
    const std::int64_t by_units = std::min(most, blocks(shape.hidden, block));
    Caught caught;
    if (by_units > 1 && shape.batch < enough_rows * most) {
        std::optional<Barrier> barrier;
#pragma omp parallel num_threads(static_cast<int>(by_units))
        {
            const int team = omp_get_num_threads(), thread = omp_get_thread_num();
#pragma omp single
            barrier.emplace(team, &caught);
            const Range own = part(shape.hidden, block, thread, team);
            const Range own_outputs = part(shape.width, output_block, thread, team);
            caught.during([&] { work(Share{0, 1, own, own_outputs, &*barrier}); });
        }
        return caught.rethrow();
    }
    const int threads = static_cast<int>(std::clamp<std::int64_t>(shape.batch, 1, most));
    if (threads == 1) return work(Share{0, 1, units, outputs, nullptr});
#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (int thread = 0; thread < threads; ++thread)
        caught.during([&] { work(Share{thread, threads, units, outputs, nullptr}); });
    caught.rethrow();
}

}  // namespace throughtime::THROUGHTIME_TARGET
