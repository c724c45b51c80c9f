// Who sweeps what: rows split without barriers, or units split with one.
#pragma once

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "tile.hpp"

namespace throughtime::THROUGHTIME_TARGET {

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
    if (by_units > 1 && shape.batch < enough_rows * most) {
        Barrier* barrier = nullptr;
#pragma omp parallel num_threads(static_cast<int>(by_units))
        {
            const int team = omp_get_num_threads(), thread = omp_get_thread_num();
#pragma omp single
            barrier = new Barrier(team);
            work(Share{0, 1, part(shape.hidden, block, thread, team), part(shape.width, output_block, thread, team),
                       barrier});
        }
        delete barrier;
        return;
    }
    const int threads = static_cast<int>(std::clamp<std::int64_t>(shape.batch, 1, most));
    if (threads == 1) return work(Share{0, 1, units, outputs, nullptr});
#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (int thread = 0; thread < threads; ++thread) work(Share{thread, threads, units, outputs, nullptr});
}

}  // namespace throughtime::THROUGHTIME_TARGET
