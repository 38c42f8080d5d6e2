// A queue from one thread to one other, without locks and of a fixed size.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>

template <typename T, std::size_t Size> class Queue {
public:
    // False where the queue is full; then nothing was added.  For the thread that writes.
    bool push(const T& item) noexcept {
        const auto at = written.load(std::memory_order_relaxed);
        if (at - read.load(std::memory_order_acquire) == Size) return false;
        items[at % Size] = item;
        written.store(at + 1, std::memory_order_release);
        return true;
    }

    // False where the queue is empty.  For the thread that reads.
    bool pop(T& item) noexcept {
        const auto at = read.load(std::memory_order_relaxed);
        if (at == written.load(std::memory_order_acquire)) return false;
        item = items[at % Size];
        read.store(at + 1, std::memory_order_release);
        return true;
    }

private:
    std::array<T, Size> items{};
    std::atomic<std::size_t> written{0}, read{0};
};
