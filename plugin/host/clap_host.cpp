// A CLAP host for tests: loads a plug-in, feeds it what standard input says, prints what it plays.
//
//   clap_host livegen.clap [rate=48000] [block=256] [frames=N] [free=1] [instances=N] [urgent=1] [state=FILE]
//
// Lines of standard input, in order of frames; a frame counts from the first block, and is taken as soon as it can be:
//   FRAME midi A B C · FRAME param ID VALUE · FRAME play BEAT · FRAME stop · FRAME restart RATE BLOCK
// Lines of standard output: "note FRAME A B C", then "blocks N late_us MAX"; "connected FRAME" when the plug-in says so.
// free=1: as fast as it goes, without a clock.  instances=N: N are made, run for a block and destroyed, first.
// urgent=1: blocks are asked for in real time, as a DAW does, where the system permits it.
// state=FILE: the session is read from there, where there is one, and saved there at the end.
// Frames begin to count when the plug-in is connected, 30 s at most.

#include "clap/entry.h"
#include "clap/events.h"
#include "clap/ext/params.h"
#include "clap/ext/state.h"
#include "clap/plugin-factory.h"
#include "clap/plugin.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fstream>
#include <iterator>
#include <iostream>
#include <map>
#include <sched.h>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
constexpr clap_id CONNECTED = 4;

union Event {
    clap_event_header_t header;
    clap_event_midi_t midi;
    clap_event_param_value_t param;
};

std::vector<Event> fed;
int64_t frame = 0; // of the block's beginning
bool backwards = false;
uint32_t latest = 0, block = 256;

uint32_t size(const clap_input_events_t*) { return uint32_t(fed.size()); }
const clap_event_header_t* get(const clap_input_events_t*, uint32_t i) { return &fed[i].header; }

bool push(const clap_output_events_t*, const clap_event_header_t* event) {
    if (event->type != CLAP_EVENT_MIDI) return true;
    backwards |= event->time < latest || event->time >= block;
    latest = event->time;
    const auto* data = reinterpret_cast<const clap_event_midi_t*>(event)->data;
    std::printf("note %lld %d %d %d\n", (long long)(frame + event->time), data[0], data[1], data[2]);
    return true;
}

const void* extension(const clap_host_t*, const char*) { return nullptr; }
void nothing(const clap_host_t*) {}

int64_t save(const clap_ostream_t* stream, const void* bytes, uint64_t size) {
    static_cast<std::string*>(stream->ctx)->append(static_cast<const char*>(bytes), size);
    return int64_t(size);
}

int64_t load(const clap_istream_t* stream, void* bytes, uint64_t size) {
    auto& left = *static_cast<std::string*>(stream->ctx);
    size = std::min<uint64_t>(size, left.size());
    std::memcpy(bytes, left.data(), size);
    left.erase(0, size);
    return int64_t(size);
}

struct Step {
    int64_t at;
    std::string what;
    double a = 0, b = 0, c = 0;
};

Event midi(uint32_t time, const Step& step) {
    Event event{};
    event.midi = {{sizeof(clap_event_midi_t), time, 0, CLAP_EVENT_MIDI, 0}, 0, {uint8_t(step.a), uint8_t(step.b), uint8_t(step.c)}};
    return event;
}

Event param(uint32_t time, const Step& step) {
    Event event{};
    event.param = {{sizeof(clap_event_param_value_t), time, 0, CLAP_EVENT_PARAM_VALUE, 0}, clap_id(step.a), nullptr, -1, -1, -1, -1, step.b};
    return event;
}

int fault(const char* what) {
    std::fprintf(stderr, "clap_host: %s\n", what);
    return 1;
}

} // namespace

int main(int count, char** words) {
    if (count < 2) return fault("expected the path of a .clap");
    std::map<std::string, double> given{{"rate", 48000}, {"block", 256}, {"frames", 48000}, {"free", 0}, {"instances", 0}, {"wait", 1}, {"urgent", 0}};
    std::string session;
    for (int i = 2; i < count; ++i)
        if (std::strncmp(words[i], "state=", 6) == 0) session = words[i] + 6;
        else if (const char* value = std::strchr(words[i], '=')) given[std::string(words[i], std::size_t(value - words[i]))] = std::atof(value + 1);

    void* library = dlopen(words[1], RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return fault(dlerror());
    const auto* entry = static_cast<const clap_plugin_entry_t*>(dlsym(library, "clap_entry"));
    if (entry == nullptr || !entry->init(words[1])) return fault("no clap_entry that begins");
    const auto* factory = static_cast<const clap_plugin_factory_t*>(entry->get_factory(CLAP_PLUGIN_FACTORY_ID));
    if (factory == nullptr || factory->get_plugin_count(factory) != 1) return fault("expected one plug-in in the file");
    const auto* about = factory->get_plugin_descriptor(factory, 0);
    const clap_host_t host{CLAP_VERSION, nullptr, "clap_host", "livegen", "", "1", extension, nothing, nothing, nothing};

    const clap_input_events_t in{nullptr, size, get};
    const clap_output_events_t out{nullptr, push};
    double rate = given["rate"];
    block = uint32_t(given["block"]);
    clap_event_transport_t transport{};
    transport.header = {sizeof transport, 0, 0, CLAP_EVENT_TRANSPORT, 0};
    transport.flags = CLAP_TRANSPORT_HAS_TEMPO | CLAP_TRANSPORT_HAS_BEATS_TIMELINE | CLAP_TRANSPORT_HAS_TIME_SIGNATURE;
    transport.tempo = 120;
    transport.tsig_num = transport.tsig_denom = 4;
    double beat = 0;
    bool playing = false;
    const auto process = [&](const clap_plugin_t* plugin) {
        transport.flags = playing ? transport.flags | CLAP_TRANSPORT_IS_PLAYING : transport.flags & ~CLAP_TRANSPORT_IS_PLAYING;
        transport.song_pos_beats = clap_beattime(beat * CLAP_BEATTIME_FACTOR + .5);
        latest = 0;
        const clap_process_t now{frame, block, &transport, nullptr, nullptr, 0, 0, &in, &out};
        const bool well = plugin->process(plugin, &now) != CLAP_PROCESS_ERROR;
        if (playing) beat += block / rate * transport.tempo / 60;
        return well;
    };
    const auto make = [&] { return factory->create_plugin(factory, &host, about->id); };

    for (int i = 0; i < int(given["instances"]); ++i) {
        const auto* one = make();
        if (one == nullptr || !one->init(one) || !one->activate(one, rate, 1, block)) return fault("an instance did not begin");
        process(one);
        one->deactivate(one);
        one->destroy(one);
    }

    std::vector<Step> steps;
    for (std::string line; std::getline(std::cin, line);) {
        Step step;
        std::istringstream text(line);
        if (text >> step.at >> step.what) {
            text >> step.a >> step.b >> step.c;
            steps.push_back(step);
        }
    }
    const auto* plugin = make();
    if (plugin == nullptr || !plugin->init(plugin)) return fault("the plug-in did not begin");
    const auto* state = static_cast<const clap_plugin_state_t*>(plugin->get_extension(plugin, CLAP_EXT_STATE));
    if (!session.empty() && state == nullptr) return fault("the plug-in keeps nothing in a session");
    if (std::ifstream file(session, std::ios::binary); !session.empty() && file) {
        std::string kept{std::istreambuf_iterator<char>(file), {}};
        const clap_istream_t stream{&kept, load};
        if (!state->load(plugin, &stream)) return fault("the plug-in did not read its session");
    }
    if (!plugin->activate(plugin, rate, 1, block) || !plugin->start_processing(plugin))
        return fault("the plug-in did not begin");
    const auto* params = static_cast<const clap_plugin_params_t*>(plugin->get_extension(plugin, CLAP_EXT_PARAMS));
    const auto connected = [&] {
        double value = 0;
        return params->get_value(plugin, CONNECTED, &value) && value > .5;
    };
    auto due = Clock::now();
    int64_t blocks = 0, late = 0;
    const auto turn = [&] {
        if (given["free"] == 0) {
            std::this_thread::sleep_until(due);
            late = std::max<int64_t>(late, std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - due).count());
            due += std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(block / rate));
        }
        ++blocks;
        return process(plugin);
    };
    for (const auto until = due + std::chrono::seconds(30); given["wait"] != 0 && !connected();) {
        if (Clock::now() > until) return fault("the plug-in did not connect within 30 s");
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        process(plugin);
    }
    if (given["urgent"] != 0) {
        sched_param priority{};
        priority.sched_priority = 20;
        if (sched_setscheduler(0, SCHED_FIFO, &priority) != 0) std::fprintf(stderr, "clap_host: real time is not permitted\n");
    }
    due = Clock::now();
    bool was = connected();
    for (std::size_t next = 0; frame < int64_t(given["frames"]); frame += block) {
        fed.clear();
        for (; next < steps.size() && steps[next].at < frame + block; ++next) {
            const auto& step = steps[next];
            const auto time = uint32_t(std::max<int64_t>(step.at - frame, 0));
            if (step.what == "midi") fed.push_back(midi(time, step));
            else if (step.what == "param") fed.push_back(param(time, step));
            else if (step.what == "play") playing = true, beat = step.a;
            else if (step.what == "stop") playing = false;
            else if (step.what == "restart") {
                plugin->stop_processing(plugin);
                plugin->deactivate(plugin);
                rate = step.a;
                block = uint32_t(step.b);
                if (!plugin->activate(plugin, rate, 1, block) || !plugin->start_processing(plugin)) return fault("it did not begin again");
            } else return fault("a step of standard input is not known");
        }
        if (!turn()) return fault("process failed");
        if (connected() != was) std::printf("%s %lld\n", (was = !was) ? "connected" : "lost", (long long)frame), std::fflush(stdout);
    }
    std::printf("blocks %lld late_us %lld\n", (long long)blocks, (long long)late);
    if (!session.empty()) {
        std::string kept;
        const clap_ostream_t stream{&kept, save};
        if (!state->save(plugin, &stream)) return fault("the plug-in did not write its session");
        std::ofstream(session, std::ios::binary) << kept;
    }
    plugin->stop_processing(plugin);
    plugin->deactivate(plugin);
    plugin->destroy(plugin);
    entry->deinit();
    return backwards ? fault("an event lay outside its block or before another") : 0;
}
