// A VST3 host for tests: loads a plug-in, feeds it what standard input says, prints what it plays.
//
//   vst3_host livegen.so [rate=48000] [block=256] [frames=N] [free=1] [wait=1] [state=FILE]
//
// Lines and options as in clap_host.cpp: of its steps `midi` (notes), `param`, `play` and `stop`.  A parameter is counted
// from *Bypass*, its value is the plain one.  It uses the C interfaces that DPF brings; an object of the host begins with a
// pointer to its functions, as theirs do.

#include "travesty/audio_processor.h"
#include "travesty/component.h"
#include "travesty/edit_controller.h"
#include "travesty/events.h"
#include "travesty/factory.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fstream>
#include <iostream>
#include <iterator>
#include <list>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
constexpr int CONNECTED = 4;

v3_result none(void*, const v3_tuid, void** found) {
    *found = nullptr;
    return V3_NO_INTERFACE;
}
uint32_t one(void*) { return 1; }
const v3_funknown UNCOUNTED{none, one, one};

struct Events {
    const v3_event_list_cpp* functions;
    std::vector<v3_event> items;
};
uint32_t event_count(void* self) { return uint32_t(static_cast<Events*>(self)->items.size()); }
v3_result get_event(void* self, int32_t i, v3_event* event) {
    *event = static_cast<Events*>(self)->items[std::size_t(i)];
    return V3_OK;
}
v3_result add_event(void* self, v3_event* event) {
    static_cast<Events*>(self)->items.push_back(*event);
    return V3_OK;
}
v3_event_list_cpp event_functions() {
    v3_event_list_cpp table{};
    static_cast<v3_funknown&>(table) = UNCOUNTED;
    table.list = {event_count, get_event, add_event};
    return table;
}

struct Change {
    const v3_param_value_queue_cpp* functions;
    v3_param_id id;
    int32_t at;
    double value;
};
v3_param_id change_id(void* self) { return static_cast<Change*>(self)->id; }
int32_t change_points(void*) { return 1; }
v3_result change_point(void* self, int32_t, int32_t* at, double* value) {
    *at = static_cast<Change*>(self)->at;
    *value = static_cast<Change*>(self)->value;
    return V3_OK;
}
v3_result change_add(void* self, int32_t at, double value, int32_t*) {
    static_cast<Change*>(self)->at = at;
    static_cast<Change*>(self)->value = value;
    return V3_OK;
}
const v3_param_value_queue_cpp CHANGE = [] {
    v3_param_value_queue_cpp table{};
    static_cast<v3_funknown&>(table) = UNCOUNTED;
    table.queue = {change_id, change_points, change_point, change_add};
    return table;
}();

struct Changes {
    const v3_param_changes_cpp* functions;
    std::list<Change> items; // whose places stay
};
int32_t change_count(void* self) { return int32_t(static_cast<Changes*>(self)->items.size()); }
v3_param_value_queue** change(void* self, int32_t i) {
    return reinterpret_cast<v3_param_value_queue**>(&*std::next(static_cast<Changes*>(self)->items.begin(), i));
}
v3_param_value_queue** add_change(void* self, v3_param_id* id, int32_t*) {
    auto& items = static_cast<Changes*>(self)->items;
    return reinterpret_cast<v3_param_value_queue**>(&items.emplace_back(Change{&CHANGE, *id, 0, 0}));
}
v3_param_changes_cpp changes_functions() {
    v3_param_changes_cpp table{};
    static_cast<v3_funknown&>(table) = UNCOUNTED;
    table.changes = {change_count, change, add_change};
    return table;
}

struct StreamFunctions : v3_funknown {
    v3_bstream stream;
};
struct Stream {
    const StreamFunctions* functions;
    std::string bytes;
    std::size_t at = 0;
};
v3_result stream_read(void* self, void* into, int32_t size, int32_t* got) {
    auto& stream = *static_cast<Stream*>(self);
    const auto most = std::min<std::size_t>(std::size_t(size), stream.bytes.size() - stream.at);
    std::memcpy(into, stream.bytes.data() + stream.at, most);
    stream.at += most;
    if (got != nullptr) *got = int32_t(most);
    return V3_OK;
}
v3_result stream_write(void* self, void* from, int32_t size, int32_t* put) {
    static_cast<Stream*>(self)->bytes.append(static_cast<const char*>(from), std::size_t(size));
    if (put != nullptr) *put = size;
    return V3_OK;
}
v3_result stream_seek(void*, int64_t, int32_t, int64_t*) { return V3_NOT_IMPLEMENTED; }
v3_result stream_tell(void*, int64_t*) { return V3_NOT_IMPLEMENTED; }
StreamFunctions stream_functions() {
    StreamFunctions table{};
    static_cast<v3_funknown&>(table) = UNCOUNTED;
    table.stream = {stream_read, stream_write, stream_seek, stream_tell};
    return table;
}

struct Step {
    int64_t at;
    std::string what;
    double a = 0, b = 0, c = 0;
};

v3_event note(int32_t time, const Step& step) {
    v3_event event{};
    event.sample_offset = time;
    const auto channel = int16_t(int(step.a) & 15), pitch = int16_t(step.b);
    if ((int(step.a) & 0xF0) == 0x90) {
        event.type = V3_EVENT_NOTE_ON;
        event.note_on = {channel, pitch, 0, float(step.c / 127), 0, -1};
    } else {
        event.type = V3_EVENT_NOTE_OFF;
        event.note_off = {channel, pitch, float(step.c / 127), -1, 0};
    }
    return event;
}

int fault(const char* what) {
    std::fprintf(stderr, "vst3_host: %s\n", what);
    return 1;
}

} // namespace

int main(int count, char** words) {
    if (count < 2) return fault("expected the path of the library in a .vst3");
    std::map<std::string, double> given{{"rate", 48000}, {"block", 256}, {"frames", 48000}, {"free", 0}, {"wait", 1}};
    std::string session;
    for (int i = 2; i < count; ++i)
        if (std::strncmp(words[i], "state=", 6) == 0) session = words[i] + 6;
        else if (const char* value = std::strchr(words[i], '=')) given[std::string(words[i], std::size_t(value - words[i]))] = std::atof(value + 1);

    void* library = dlopen(words[1], RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return fault(dlerror());
    const auto enter = reinterpret_cast<bool (*)(void*)>(dlsym(library, "ModuleEntry"));
    const auto leave = reinterpret_cast<bool (*)()>(dlsym(library, "ModuleExit"));
    const auto get_factory = reinterpret_cast<v3_plugin_factory** (*)()>(dlsym(library, "GetPluginFactory"));
    if (enter == nullptr || leave == nullptr || get_factory == nullptr || !enter(library)) return fault("no VST3 that begins");
    auto** factory = get_factory();
    v3_class_info about{};
    if (v3_cpp_obj(factory)->get_class_info(factory, 0, &about) != V3_OK || std::strcmp(about.category, "Audio Module Class") != 0)
        return fault("expected a plug-in as the first class");
    v3_component** component = nullptr;
    v3_audio_processor** processor = nullptr;
    v3_edit_controller** controller = nullptr;
    if (v3_cpp_obj(factory)->create_instance(factory, about.class_id, v3_component_iid, reinterpret_cast<void**>(&component)) != V3_OK ||
        v3_cpp_obj_initialize(component, nullptr) != V3_OK ||
        v3_cpp_obj_query_interface(component, v3_audio_processor_iid, &processor) != V3_OK ||
        v3_cpp_obj_query_interface(component, v3_edit_controller_iid, &controller) != V3_OK)
        return fault("the plug-in did not begin");
    const auto& self = *v3_cpp_obj(component);
    const auto& controls = *v3_cpp_obj(controller);

    v3_param_id first = 0; // of the plug-in's own parameters, Through is the second
    for (int32_t i = 0; i < controls.get_parameter_count(controller); ++i) {
        v3_param_info info{};
        controls.get_parameter_info(controller, i, &info);
        std::string title;
        for (const int16_t letter : info.title) if (letter != 0) title += char(letter); else break;
        if (title == "Through") first = info.param_id - 1;
    }
    if (first == 0) return fault("expected a parameter Through");

    const auto streams = stream_functions();
    if (std::ifstream file(session, std::ios::binary); !session.empty() && file) {
        Stream kept{&streams, {std::istreambuf_iterator<char>(file), {}}};
        if (self.set_state(component, reinterpret_cast<v3_bstream**>(&kept)) != V3_OK) return fault("the plug-in did not read its session");
    }
    const auto block = int32_t(given["block"]);
    const double rate = given["rate"];
    v3_process_setup setup{V3_REALTIME, V3_SAMPLE_32, block, rate};
    for (const int32_t way : {V3_INPUT, V3_OUTPUT})
        if (self.get_bus_count(component, V3_EVENT, way) != 1 || self.activate_bus(component, V3_EVENT, way, 0, true) != V3_OK)
            return fault("expected notes in and notes out");
    self.activate_bus(component, V3_AUDIO, V3_OUTPUT, 0, true);
    if (v3_cpp_obj(processor)->setup_processing(processor, &setup) != V3_OK || self.set_active(component, true) != V3_OK)
        return fault("the plug-in did not begin");
    v3_cpp_obj(processor)->set_processing(processor, true);

    const auto events = event_functions();
    const auto several = changes_functions();
    Events in{&events, {}}, out{&events, {}};
    Changes changes{&several, {}}, told{&several, {}};
    bool connected = false;
    std::vector<float> left(given["block"]), right(given["block"]);
    float* channels[] = {left.data(), right.data()};
    v3_audio_bus_buffers sound{};
    sound.num_channels = 2;
    sound.channel_buffers_32 = channels;
    v3_process_context transport{};
    transport.sample_rate = rate;
    transport.bpm = 120;
    transport.time_sig_numerator = transport.time_sig_denom = 4;
    double beat = 0;
    bool playing = false, backwards = false;
    int64_t frame = 0;
    const auto process = [&] {
        transport.state = V3_PROCESS_CTX_PROJECT_TIME_VALID | V3_PROCESS_CTX_TEMPO_VALID | V3_PROCESS_CTX_TIME_SIG_VALID |
                          V3_PROCESS_CTX_BAR_POSITION_VALID | (playing ? uint32_t(V3_PROCESS_CTX_PLAYING) : 0u);
        transport.project_time_quarters = beat;
        transport.bar_position_quarters = std::floor(beat / 4) * 4;
        transport.project_time_in_samples = int64_t(beat * rate / 2);
        v3_process_data data{};
        data.process_mode = V3_REALTIME;
        data.symbolic_sample_size = V3_SAMPLE_32;
        data.nframes = block;
        data.num_output_buses = 1;
        data.outputs = &sound;
        data.input_params = reinterpret_cast<v3_param_changes**>(&changes);
        data.output_params = reinterpret_cast<v3_param_changes**>(&told);
        data.input_events = reinterpret_cast<v3_event_list**>(&in);
        data.output_events = reinterpret_cast<v3_event_list**>(&out);
        data.ctx = &transport;
        out.items.clear();
        told.items.clear();
        const bool well = v3_cpp_obj(processor)->process(processor, &data) == V3_OK;
        for (const auto& one : told.items)
            if (one.id == first + CONNECTED) connected = one.value > .5;
        int32_t latest = 0;
        for (const auto& event : out.items) {
            backwards |= event.sample_offset < latest || event.sample_offset >= block;
            latest = event.sample_offset;
            const bool on = event.type == V3_EVENT_NOTE_ON;
            if (!on && event.type != V3_EVENT_NOTE_OFF) continue;
            const auto& n = event.note_on;
            const float velocity = on ? n.velocity : event.note_off.velocity;
            std::printf("note %lld %d %d %ld\n", (long long)(frame + event.sample_offset), (on ? 0x90 : 0x80) | n.channel, n.pitch,
                        std::lround(velocity * 127));
        }
        if (playing) beat += block / rate * transport.bpm / 60;
        return well;
    };

    std::vector<Step> steps;
    for (std::string line; std::getline(std::cin, line);) {
        Step step;
        std::istringstream text(line);
        if (text >> step.at >> step.what) {
            text >> step.a >> step.b >> step.c;
            steps.push_back(step);
        }
    }
    for (const auto until = Clock::now() + std::chrono::seconds(30); given["wait"] != 0 && !connected;) {
        if (Clock::now() > until) return fault("the plug-in did not connect within 30 s");
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        process();
    }
    auto due = Clock::now();
    for (std::size_t next = 0; frame < int64_t(given["frames"]); frame += block) {
        in.items.clear();
        changes.items.clear();
        for (; next < steps.size() && steps[next].at < frame + block; ++next) {
            const auto& step = steps[next];
            const auto time = int32_t(std::max<int64_t>(step.at - frame, 0));
            if (step.what == "midi") in.items.push_back(note(time, step));
            else if (step.what == "param") {
                const auto id = v3_param_id(first + step.a);
                changes.items.push_back({&CHANGE, id, time, controls.plain_parameter_to_normalised(controller, id, step.b)});
            } else if (step.what == "play") playing = true, beat = step.a;
            else if (step.what == "stop") playing = false;
            else return fault("a step of standard input is not known");
        }
        if (given["free"] == 0) {
            std::this_thread::sleep_until(due);
            due += std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(block / rate));
        }
        if (!process()) return fault("process failed");
    }
    if (!session.empty()) {
        Stream kept{&streams, {}};
        if (self.get_state(component, reinterpret_cast<v3_bstream**>(&kept)) != V3_OK) return fault("the plug-in did not write its session");
        std::ofstream(session, std::ios::binary) << kept.bytes;
    }
    std::printf("blocks %lld\n", (long long)(frame / block));
    v3_cpp_obj(processor)->set_processing(processor, false);
    self.set_active(component, false);
    v3_cpp_obj_unref(controller);
    v3_cpp_obj_unref(processor);
    v3_cpp_obj_terminate(component);
    v3_cpp_obj_unref(component);
    v3_cpp_obj_unref(factory);
    leave();
    return backwards ? fault("an event lay outside its block or before another") : 0;
}
