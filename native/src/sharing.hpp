// Whether to share short calls with other threads.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace throughtime::THROUGHTIME_TARGET {

// After a pause the other threads sleep, and to wake them takes longer than a short call. And where another process has
// their core, each side waits out time slices of milliseconds: after such a call we go alone for a while, for longer and
// longer as long as it happens again.
class Sharing {
  public:
    // Whether a call of `work` multiplications, small ones following each other, is shared.
    bool begin(std::int64_t work) {
        constexpr std::int64_t worth_waking = 1 << 22;
        const Clock::time_point before = last_;
        last_ = Clock::now();
        return last_ >= alone_until_ && (last_ - before < std::chrono::milliseconds(1) || work > worth_waking);
    }

    // To be called after a shared one.
    void end(std::int64_t work) {
        const Clock::time_point began = last_;
        last_ = Clock::now();
        if (last_ - began > std::chrono::microseconds(500 + work / 4000)) {  // any core does 4 a nanosecond
            alone_until_ = last_ + rest_;
            rest_ = std::min(2 * rest_, longest);
        } else if (last_ > alone_until_ + rest_) {
            rest_ = shortest;
        }
    }

  private:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::milliseconds shortest{10}, longest{1000};
    Clock::time_point last_{};  // when the last call was last heard of
    Clock::time_point alone_until_{};
    std::chrono::milliseconds rest_ = shortest;
};

}  // namespace throughtime::THROUGHTIME_TARGET
