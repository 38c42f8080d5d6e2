// The plug-in: a wire between a host's track and livegen.  docs/PLUGIN.md has what is said over it.
//
// run() takes no lock, no memory and makes no system call, but in a bounce, where the host waits for it.

#include "DistrhoPlugin.hpp"
#include "DistrhoPluginUtils.hpp"
#include "seat.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstring>
#include <thread>

START_NAMESPACE_DISTRHO

// The parameters before the controls.  A session keeps their numbers.
enum { Bypass, Through, Bounce, OpenPage, Connected, Band, Part, Role, Seed, FirstControl };

namespace {

constexpr const char* NO_MODEL = "-";

enum : uint8_t { PLAYER = 1, MODEL = 2 }; // who holds a note

int64_t steady() {
    using namespace std::chrono;
    return duration_cast<microseconds>(steady_clock::now().time_since_epoch()).count();
}

// The time of a block's first frame.  Hosts call late and unevenly, so it goes on from the block before and follows slowly.
class BlockClock {
public:
    double begin(double length) {
        const double called = double(steady()), error = called - next;
        const double at = std::abs(error) > 100000 ? called : next + error * 0.005;
        next = at + length;
        return at;
    }

private:
    double next = 0;
};

// What waits to be played, in order of time.
class Waiting {
public:
    bool add(const Due& due) {
        if (count == items.size()) return false;
        auto at = items.begin() + count;
        for (; at != items.begin() && (at - 1)->at > due.at; --at) *at = *(at - 1);
        *at = due;
        ++count;
        return true;
    }

    void cut(const Due& cut) {
        const auto same = [&](const Due& d) {
            return cut.size == 0 || ((d.data[0] & 0xE0) == 0x80 && (d.data[0] & 15) == cut.data[0] && d.data[1] == cut.data[1]);
        };
        count = std::size_t(std::remove_if(items.begin(), items.begin() + count, same) - items.begin());
    }

    void drop(std::size_t first) {
        std::copy(items.begin() + first, items.begin() + count, items.begin());
        count -= first;
    }

    std::size_t size() const { return count; }
    const Due& operator[](std::size_t i) const { return items[i]; }

private:
    std::array<Due, 4096> items{};
    std::size_t count = 0;
};

} // namespace

class LivegenPlugin : public Plugin {
public:
    LivegenPlugin() : Plugin(FirstControl + CONTROL_COUNT, 0, 1) {
        for (int i = 0; i < CONTROL_COUNT; ++i) values[FirstControl + i] = CONTROLS[i].usual;
        values[Through] = 1;
    }

protected:
    const char* getLabel() const override { return "livegen"; }
    const char* getDescription() const override { return "A jam partner: it listens to the track and plays along."; }
    const char* getMaker() const override { return "livegen"; }
    const char* getLicense() const override { return "MIT"; }
    uint32_t getVersion() const override { return d_version(0, 1, 0); }
    int64_t getUniqueId() const override { return d_cconst('L', 'v', 'J', 'm'); }

    void initParameter(uint32_t index, Parameter& p) override {
        const auto named = [&](const char* name, const char* symbol, uint32_t hints, float usual, float low, float high) {
            p.hints = hints;
            p.name = name;
            p.symbol = symbol;
            p.ranges = ParameterRanges(usual, low, high);
        };
        const auto worded = [&](const std::vector<const char*>& words) {
            p.enumValues.count = uint8_t(words.size());
            p.enumValues.restrictedMode = true;
            p.enumValues.values = new ParameterEnumerationValue[words.size()];
            for (std::size_t i = 0; i < words.size(); ++i) {
                p.enumValues.values[i].value = float(i);
                p.enumValues.values[i].label = words[i];
            }
        };
        constexpr uint32_t SWITCH = kParameterIsAutomatable | kParameterIsBoolean | kParameterIsInteger;
        switch (index) {
        case Bypass: p.initDesignation(kParameterDesignationBypass); return;
        case Through: return named("Through", "through", SWITCH, 1, 0, 1);
        case Bounce: return named("Bounce", "bounce", SWITCH, 0, 0, 1);
        case OpenPage: return named("Open page", "open_page", SWITCH, 0, 0, 1);
        case Connected: return named("Connected", "connected", kParameterIsOutput | kParameterIsBoolean | kParameterIsInteger, 0, 0, 1);
        case Band: return named("Band", "band", kParameterIsInteger, 0, 0, 16);
        case Part:
            named("Part", "part", kParameterIsInteger, 0, 0, 4);
            return worded({"all", "lead", "comp", "bass", "drums"});
        case Role:
            named("Role", "role", kParameterIsInteger, 0, 0, 6);
            return worded({"as configured", "keys", "lead", "comp", "bass", "drums", "listener"});
        case Seed: return named("Seed", "seed", kParameterIsInteger, 0, 0, 9999);
        }
        const auto& control = CONTROLS[index - FirstControl];
        named(control.label, control.name, kParameterIsAutomatable | (control.whole ? uint32_t(kParameterIsInteger) : 0u), control.usual,
              control.low, control.high);
        p.unit = control.unit;
        if (!control.words.empty()) worded(control.words);
    }

    float getParameterValue(uint32_t index) const override { return index == Connected ? float(seat.connected) : values[index].load(); }

    void setParameterValue(uint32_t index, float value) override {
        value = within(index, value);
        const float before = values[index].exchange(value);
        if (index >= FirstControl) seat.set(int(index) - FirstControl, value);
        else if (index >= Band && index <= Seed) place();
        else if (index == OpenPage && value > .5f && before <= .5f) seat.open_page = true;
    }

    // A session keeps the name of the model beside the parameters.  DPF reads no empty value of a CLAP back.
    void initState(uint32_t, State& state) override {
        state.key = "model";
        state.label = "Model";
        state.defaultValue = NO_MODEL;
    }

    String getState(const char*) const override {
        const std::string model = seat.model();
        return String(model.empty() ? NO_MODEL : model.c_str());
    }

    void setState(const char*, const char* value) override { seat.remember(std::strcmp(value, NO_MODEL) == 0 ? "" : value); }

    void activate() override {
        if (isDummyInstance()) return;
        hush = PLAYER | MODEL; // what sounded when the host took the plug-in out, nobody else ends
        place();
        seat.begin(int64_t(getBufferSize() * 1e6 / getSampleRate()));
    }

    void run(const float**, float** outputs, uint32_t frames, const MidiEvent* events, uint32_t count) override {
        for (int i = 0; i < DISTRHO_PLUGIN_NUM_OUTPUTS; ++i) std::memset(outputs[i], 0, sizeof(float) * frames);
        if (frames == 0) return;
        const double rate = getSampleRate(), length = frames * 1e6 / rate;
        const bool bypassed = values[Bypass] > .5f, bounce = values[Bounce] > .5f && !bypassed;
        const bool through = bypassed || values[Through] > .5f;
        if (bounce != bouncing) turn(bounce);
        const double begin = bounce ? bounced * 1e6 / rate : clock.begin(length);
        const int64_t until = bounce ? std::llround((bounced + frames) * 1e6 / rate) : int64_t(begin + length);
        bounced += frames;
        if (bounce) say({Said::Block, false, 0, {}, std::llround(begin), until});
        if (!bypassed) {
            transport(begin, frames, rate);
            for (uint32_t i = 0; i < count; ++i)
                if (events[i].size == 2 || events[i].size == 3) {
                    Said one{Said::Play};
                    one.size = uint8_t(events[i].size);
                    std::memcpy(one.data, events[i].data, one.size);
                    one.at = std::llround(begin + events[i].frame * 1e6 / rate);
                    say(one);
                }
        } else if (!was_bypassed) {
            waiting.cut({Due::Cut});
            hush |= MODEL;
        }
        if (was_through && !through) hush |= PLAYER;
        was_bypassed = bypassed;
        was_through = through;
        if (bounce) wait_for(until);
        else take(bypassed);
        if (hush != 0 && end_all(hush)) hush = 0;

        uint32_t next = 0;
        std::size_t played = 0;
        for (; played < waiting.size(); ++played) {
            const Due& due = waiting[played];
            const int64_t frame = std::max<int64_t>(std::llround((double(due.at) - begin) * rate / 1e6), 0);
            if (frame >= int64_t(frames)) break;
            for (; through && next < count && events[next].frame <= frame; ++next) pass(events[next]);
            if (!play(due, uint32_t(frame))) break; // the host takes no more in this block: the rest comes in the next
        }
        waiting.drop(played);
        for (; through && next < count; ++next) pass(events[next]);
    }

private:
    // What a host sends is not trusted: words and names are found in tables by these values.
    static float within(uint32_t index, float value) {
        float low = 0, high = 1;
        if (index >= FirstControl) low = CONTROLS[index - FirstControl].low, high = CONTROLS[index - FirstControl].high;
        else if (index == Band) high = 16;
        else if (index == Part) high = 4;
        else if (index == Role) high = 6;
        else if (index == Seed) high = 9999;
        return value >= low ? std::min(value, high) : low; // so is what is no number
    }

    void place() { seat.place({int(values[Band]), int(values[Part]), int(values[Role]), int(values[Seed])}); }

    // A bounce begins at 0 with nothing heard, and the jam after it with nothing waiting.  What still comes of the other is
    // told by its mark (`Due::bounce`).
    void turn(bool bounce) {
        for (int i = 0; bounce && i < 20000 && !seat.settled(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        bouncing = bounce;
        if (!bounce) {
            say({Said::Live});
            seat.wake();
        }
        bounced = 0;
        told_frames = 0;
        waiting.cut({Due::Cut});
        hush |= MODEL;
    }

    void say(const Said& one) { seat.said.push(one); }

    // Tells of the transport where it changes, and ten times a second.
    void transport(double begin, uint32_t frames, double rate) {
        const auto& position = getTimePosition();
        const auto& bbt = position.bbt;
        if (!bbt.valid || bbt.beatsPerMinute <= 0) return;
        // DPF counts a CLAP host's quarters as beats of the metre, whatever its unit.
        const double unit = clap ? 1 : 4.0 / bbt.beatType;
        Said now{Said::Transport, position.playing};
        now.beat = ((bbt.bar - 1) * double(bbt.beatsPerBar) + (bbt.beat - 1) + bbt.tick / bbt.ticksPerBeat) * unit;
        now.bpm = bbt.beatsPerMinute;
        now.beats = int(bbt.beatsPerBar);
        now.unit = int(bbt.beatType);
        now.at = std::llround(begin);
        const double expected = told.beat + (told.playing ? since_told / rate * told.bpm / 60 : 0);
        const bool jumped = told_frames != 0 && std::abs(now.beat - expected) > 1 / 64.0;
        const bool changed = now.playing != told.playing || now.bpm != told.bpm || now.beats != told.beats || now.unit != told.unit;
        if (told.playing && (jumped || !now.playing)) hush |= MODEL;
        if (told_frames == 0 || jumped || changed || since_told >= rate / 10) {
            told = now;
            told_frames = frames;
            since_told = 0;
            say(now);
        }
        since_told += frames;
    }

    void take(bool forget) {
        for (Due due; seat.due.pop(due);) heed(due, forget);
    }

    void heed(const Due& due, bool forget) {
        const bool cuts_all = due.kind == Due::Cut && due.size == 0;
        if (due.bounce != bouncing && !cuts_all) return;
        if (due.kind == Due::Message && !forget) {
            if (!waiting.add(due)) waiting.cut({Due::Cut}), hush |= MODEL;
        } else if (due.kind == Due::Cut) {
            waiting.cut(due);
            if (due.size == 0) hush |= MODEL;
            else if (sounding[due.data[0] & 15][due.data[1] & 127] & MODEL) {
                const Due end{Due::Message, 3, {uint8_t(0x80 | (due.data[0] & 15)), due.data[1], 0}, INT64_MIN / 4};
                if (!waiting.add(end)) hush |= MODEL;
            }
        }
    }

    // A bounce: waits until livegen has sent all that is due before `until`, 10 s at most.
    void wait_for(int64_t until) {
        seat.wake();
        const int64_t patience = steady() + 10000000;
        while (seat.connected && steady() < patience) {
            for (Due due; seat.due.pop(due);) {
                if (due.kind == Due::Done && due.bounce && due.at >= until) return;
                heed(due, false);
            }
            std::this_thread::sleep_for(std::chrono::microseconds(20));
        }
    }

    bool write(uint32_t frame, uint8_t size, uint8_t a, uint8_t b, uint8_t c) {
        MidiEvent event{};
        event.frame = frame;
        event.size = size;
        event.data[0] = a;
        event.data[1] = b;
        event.data[2] = c;
        return writeMidiEvent(event);
    }

    bool play(const Due& due, uint32_t frame) { return sound(MODEL, frame, due.size, due.data[0], due.data[1], due.data[2]); }

    void pass(const MidiEvent& event) {
        if (event.size > 3) writeMidiEvent(event);
        else if (!sound(PLAYER, event.frame, uint8_t(event.size), event.data[0], event.data[1], event.data[2])) hush |= PLAYER;
    }

    // False where the host took it not.  The player and the model may hold the same note: it begins anew with each of them,
    // and ends with the last.
    bool sound(uint8_t who, uint32_t frame, uint8_t size, uint8_t a, uint8_t b, uint8_t c) {
        const uint8_t kind = a & 0xF0, channel = a & 15, pitch = b & 127;
        const bool on = kind == 0x90 && c > 0, off = kind == 0x80 || (kind == 0x90 && !on);
        uint8_t& holders = sounding[channel][pitch];
        if (off) {
            const bool is_stray = who == PLAYER && holders == 0; // it began before the plug-in was there
            const uint8_t left = holders & uint8_t(~who);
            if ((holders != left && left == 0) || is_stray)
                if (!write(frame, size, a, b, c)) return false;
            holders = left;
            return true;
        }
        if (on && holders != 0 && !write(frame, 3, 0x80 | channel, pitch, 0)) return false;
        if (!write(frame, size, a, b, c)) return false;
        if (on) holders |= who;
        return true;
    }

    // False where the host took not all of the ends: they come in the next block.
    bool end_all(uint8_t who) {
        for (uint8_t channel = 0; channel < 16; ++channel)
            for (uint8_t pitch = 0; pitch < 128; ++pitch) {
                uint8_t& holders = sounding[channel][pitch];
                if ((holders & who) != 0 && (holders & ~who) == 0 && !write(0, 3, 0x80 | channel, pitch, 0)) return false;
                holders &= uint8_t(~who);
            }
        return true;
    }

    std::array<std::atomic<float>, FirstControl + CONTROL_COUNT> values{};
    Seat seat;
    BlockClock clock;
    Waiting waiting;
    uint8_t sounding[16][128] = {}; // who holds the note
    uint8_t hush = 0; // whose notes are to end
    bool was_bypassed = false, was_through = true, bouncing = false;
    uint64_t bounced = 0, told_frames = 0, since_told = 0;
    Said told{Said::Transport};
    const bool clap = std::strcmp(getPluginFormatName(), "CLAP") == 0;
};

Plugin* createPlugin() { return new LivegenPlugin; }

END_NAMESPACE_DISTRHO
