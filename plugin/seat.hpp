// The seat: the thread that speaks with livegen for one instance, as docs/PLUGIN.md says.
//
// The audio thread knows two queues and some atomic values of it, nothing else.  All times are microseconds of this
// process's steady clock; in a bounce, of the bounce.
#pragma once

#include "controls.hpp"
#include "queue.hpp"

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <sys/types.h>

// From the audio thread.
struct Said {
    enum Kind : uint8_t { Play, Transport, Block, Live } kind;
    bool playing = false;
    uint8_t size = 0, data[3] = {};
    int64_t at = 0, until = 0;
    double bpm = 0, beat = 0;
    int beats = 4, unit = 4;
};

// To the audio thread.  A cut with size 0 means all notes, else that of data[0] (channel) and data[1] (pitch).
struct Due {
    enum Kind : uint8_t { Message, Cut, Done } kind;
    uint8_t size = 0, data[3] = {};
    int64_t at = 0;
    bool bounce = false; // it is of the bounce, not of the live jam
};

// What hello says, beside the controls.
struct Place {
    int band = 0, part = 0, role = 0, seed = 0;
};

class Seat {
public:
    Seat();
    ~Seat();

    bool settled() const { return connected && asked == answered; } // what was placed last is what livegen knows
    void begin(int64_t block_us); // starts the thread, or says hello anew where the block has changed; not for run()
    void place(const Place& place); // the audio thread may call it
    void set(int control, float value); // the audio thread may call it
    void remember(const std::string& model); // with which the session was saved; not for run()
    std::string model() const; // of the jam; not for run()
    void wake(); // the thread looks at once instead of within a millisecond: a system call, for bounces only

    Queue<Said, 4096> said;
    Queue<Due, 16384> due;
    std::atomic<bool> connected{false}, open_page{false};

private:
    void serve();
    bool connect();
    void converse();
    void send_hello(), send_said(), send_controls(), send_ping();
    void hear(const std::string& line);
    void give(Due due);
    void wait_for_another_chance();
    void pause(int milliseconds); // ends early when the seat does
    void launch(const std::vector<std::string>& program);
    void bury(); // takes note of programs that have ended, so that the host keeps none of them
    Place wanted() const;

    std::thread thread;
    std::atomic<bool> ending{false};
    std::atomic<int64_t> block_us{10000};
    std::atomic<uint32_t> placed{0}; // band, part and role, a byte each
    std::atomic<int> seed{0};
    std::atomic<uint32_t> asked{0}, answered{UINT32_MAX}; // changes of what a greeting says; the one that was answered
    std::atomic<float> values[CONTROL_COUNT];
    std::atomic<uint64_t> touched{0}, changed{0};

    int socket = -1, bell[2] = {-1, -1};
    bool greeted = false, lost = false, was_full = false;
    bool says_bounce = false, hears_bounce = false; // what is sent, and what comes, is of the bounce
    int refusals = 0; // one after the other
    uint32_t greeting = 0; // the change that was said last
    int64_t heard_at = 0, offset = 0, best_trip = 0, started_at = 0;
    std::vector<std::pair<int64_t, int64_t>> trips; // of the last pings: how long it took, and the offset
    mutable std::mutex naming; // of the name of the model
    std::string named;
    std::string token, out, in, page, refusal;
    std::vector<std::string> command;
    std::vector<pid_t> children;
};
