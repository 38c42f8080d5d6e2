#include "seat.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

using json = nlohmann::json;

extern char** environ;

namespace {

constexpr int PROTOCOL = 1;
constexpr int64_t SECOND = 1000000;
constexpr int64_t SILENCE = SECOND / 4; // without a line what sounds is released,
constexpr int64_t GONE = 2 * SECOND; // and livegen is looked for again
constexpr std::size_t LONGEST_LINE = 65536, FULLEST = 1 << 20;
const char* const PARTS[] = {"", "lead", "comp", "bass", "drums"};
const char* const ROLES[] = {"", "keys", "lead", "comp", "bass", "drums", "listener"};

int64_t now() {
    using namespace std::chrono;
    return duration_cast<microseconds>(steady_clock::now().time_since_epoch()).count();
}

std::string data_folder() {
    const char* data = std::getenv("XDG_DATA_HOME");
    if (data != nullptr && data[0] == '/') return std::string(data) + "/livegen";
    const char* home = std::getenv("HOME");
    return std::string(home != nullptr ? home : "") + "/.local/share/livegen";
}

// Starts a program that outlives the host, its output thrown away; gives its number, -1 where it could not be started.
pid_t start(const std::vector<std::string>& command) {
    std::vector<char*> words;
    for (const auto& word : command) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    for (int descriptor = 0; descriptor < 3; ++descriptor)
        posix_spawn_file_actions_addopen(&files, descriptor, "/dev/null", O_RDWR, 0);
#ifdef POSIX_SPAWN_SETSID
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
#endif
    pid_t child = -1;
    if (posix_spawnp(&child, words[0], &files, &attributes, words.data(), environ) != 0)
        std::fprintf(stderr, "livegen: %s could not be started; install livegen, or set LIVEGEN_COMMAND to its path\n", words[0]);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return child;
}

// Has Linux run this thread before all that are not in real time, where that is permitted: below a host's audio threads,
// beside livegen's engine.  What it starts is ordinary again.
void hurry() {
#ifdef __linux__
    sched_param priority{};
    priority.sched_priority = 4;
    sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &priority);
#endif
}

} // namespace

Seat::Seat() {
    for (int i = 0; i < CONTROL_COUNT; ++i) values[i] = CONTROLS[i].usual;
    if (pipe(bell) == 0)
        for (int end : bell) {
            fcntl(end, F_SETFL, O_NONBLOCK);
            fcntl(end, F_SETFD, FD_CLOEXEC);
        }
}

Seat::~Seat() {
    ending = true;
    wake();
    if (thread.joinable()) thread.join();
    for (int end : bell) close(end);
}

void Seat::begin(int64_t block) {
    block = std::min<int64_t>(std::max<int64_t>(block, 1), 250000);
    if (block_us.exchange(block) != block) ++asked;
    if (!thread.joinable()) thread = std::thread(&Seat::serve, this);
}

void Seat::place(const Place& p) {
    const uint32_t all = uint32_t(p.band) | uint32_t(p.part) << 8 | uint32_t(p.role) << 16;
    const bool changed_place = placed.exchange(all) != all, changed_seed = seed.exchange(p.seed) != p.seed;
    if (changed_place || changed_seed) ++asked;
}

Place Seat::wanted() const {
    const uint32_t all = placed;
    return {int(all & 255), int(all >> 8 & 255), int(all >> 16 & 255), seed};
}

void Seat::set(int control, float value) {
    if (values[control].exchange(value) == value) return;
    touched |= uint64_t(1) << control;
    changed |= uint64_t(1) << control;
}

void Seat::remember(const std::string& model) {
    const std::lock_guard<std::mutex> hold(naming);
    named = model;
}

std::string Seat::model() const {
    const std::lock_guard<std::mutex> hold(naming);
    return named;
}

void Seat::wake() {
    if (write(bell[1], "!", 1) < 0) { /* full: the thread is awake */ }
}

void Seat::pause(int milliseconds) {
    for (int passed = 0; passed < milliseconds && !ending; passed += 20) {
        pollfd waited{bell[0], POLLIN, 0};
        if (poll(&waited, 1, 20) <= 0) continue;
        char rung[64];
        while (read(bell[0], rung, sizeof rung) > 0) {}
    }
}

void Seat::serve() {
    hurry();
    while (!ending) {
        if (connect()) {
            converse();
            connected = false;
            close(socket);
            socket = -1;
            give({Due::Cut});
            if (greeted) continue; // again at once
        }
        wait_for_another_chance();
    }
}

// A second; after each refusal twice as long as after the one before, but no longer than its cause is there.
void Seat::wait_for_another_chance() {
    const int64_t until = now() + (SECOND << std::min(refusals, 5));
    do pause(100);
    while (!ending && now() < until && asked == greeting);
}

// Looks for the process and starts it where nobody answers; false where there is none within 20 s.
bool Seat::connect() {
    for (const int64_t until = now() + 20 * SECOND; now() < until && !ending; pause(100)) {
        std::ifstream file(data_folder() + "/plugin.json");
        const json told = json::parse(file, nullptr, false);
        int port = 0;
        command = {"livegen", "plugin"};
        try {
            if (told.is_object()) {
                token = told.value("token", "");
                if (told.contains("port") && told["port"].is_number()) port = told["port"];
                if (told.contains("command")) command = told["command"].get<std::vector<std::string>>();
            }
        } catch (const json::exception&) { port = 0; }
        if (port > 0) {
            socket = ::socket(AF_INET, SOCK_STREAM, 0);
            fcntl(socket, F_SETFD, FD_CLOEXEC);
            sockaddr_in address{};
            address.sin_family = AF_INET;
            address.sin_port = htons(uint16_t(port));
            address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
                const int yes = 1;
                setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
#ifdef SO_NOSIGPIPE
                setsockopt(socket, SOL_SOCKET, SO_NOSIGPIPE, &yes, sizeof yes);
#endif
                fcntl(socket, F_SETFL, O_NONBLOCK);
                return true;
            }
            close(socket);
            socket = -1;
        }
        if (now() - started_at > 20 * SECOND || started_at == 0) {
            started_at = now();
            if (const char* own = std::getenv("LIVEGEN_COMMAND")) command = {own, "plugin"};
            launch(command);
        }
    }
    return false;
}

void Seat::launch(const std::vector<std::string>& program) {
    if (const pid_t child = start(program); child > 0) children.push_back(child);
}

void Seat::bury() {
    const auto ended = [](pid_t child) { return waitpid(child, nullptr, WNOHANG) != 0; };
    children.erase(std::remove_if(children.begin(), children.end(), ended), children.end());
}

void Seat::converse() {
#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif
    Said old;
    while (said.pop(old)) {}
    out.clear();
    in.clear();
    trips.clear();
    greeted = lost = says_bounce = hears_bounce = false;
    send_hello();
    int64_t controls_at = 0, ping_at = 0;
    int pings = 0;
    heard_at = now();
    while (!ending && !lost && asked == greeting) {
        const int64_t t = now();
        if (greeted) {
            send_said();
            if (t - controls_at >= SECOND / 50) {
                controls_at = t;
                send_controls();
            }
            if (t >= ping_at) {
                bury();
                ping_at = t + (++pings < 6 ? SECOND / 10 : 2 * SECOND);
                send_ping();
            }
        }
        if (open_page.exchange(false) && !page.empty())
#ifdef __APPLE__
            launch({"open", page});
#else
            launch({"xdg-open", page});
#endif
        while (!out.empty()) {
            const auto sent = ::send(socket, out.data(), out.size(), MSG_NOSIGNAL);
            if (sent <= 0) {
                lost = sent == 0 || (errno != EAGAIN && errno != EINTR);
                break;
            }
            out.erase(0, std::size_t(sent));
        }
        pollfd waited[] = {{socket, POLLIN, 0}, {bell[0], POLLIN, 0}};
        poll(waited, 2, 1); // the audio thread makes no system call, so its queue is looked at
        char bytes[16384];
        while (read(bell[0], bytes, sizeof bytes) > 0) {}
        for (;;) {
            const auto got = recv(socket, bytes, sizeof bytes, 0);
            if (got <= 0) {
                lost |= got == 0 || (errno != EAGAIN && errno != EINTR);
                break;
            }
            heard_at = now();
            in.append(bytes, std::size_t(got));
        }
        std::size_t from = 0;
        for (std::size_t end; (end = in.find('\n', from)) != std::string::npos; from = end + 1)
            hear(in.substr(from, end - from));
        in.erase(0, from);
        if (in.size() > LONGEST_LINE || out.size() > FULLEST) lost = true;
        const int64_t quiet = says_bounce ? 0 : now() - heard_at;
        if (quiet > (greeted ? GONE : 10 * SECOND)) lost = true;
        if (greeted && (quiet > SILENCE) == connected) {
            connected = !connected;
            if (!connected) give({Due::Cut});
        }
    }
    if (greeted && !ending && lost)
        std::fprintf(stderr, "livegen: the connection to livegen is lost; what sounds is released, and it is looked for again\n");
}

void Seat::send_hello() {
    greeting = asked; // before the rest is read: what changes meanwhile is said again
    const Place place = wanted();
    json controls = json::object();
    changed = 0;
    for (int i = 0; i < CONTROL_COUNT; ++i)
        if (touched >> i & 1) {
            const float value = values[i];
            const auto& control = CONTROLS[i];
            if (control.words.empty()) controls[control.name] = value;
            else controls[control.name] = control.words[std::size_t(value + .5f)];
        }
    const json seed = place.seed > 0 ? json(place.seed) : json(nullptr);
    out += json{{"t", "hello"},
                {"protocol", PROTOCOL},
                {"token", token},
                {"band", place.band > 0 ? "Band " + std::to_string(place.band) : ""},
                {"part", PARTS[place.part]},
                {"role", ROLES[place.role]},
                {"name", "livegen plug-in"},
                {"block_us", block_us.load()},
                {"seed", seed},
                {"model", model()},
                {"controls", controls}}
               .dump() +
           "\n";
}

void Seat::send_said() {
    Said one;
    while (said.pop(one)) {
        if (one.kind == Said::Block) says_bounce = true;
        if (one.kind == Said::Live) says_bounce = false;
        const int64_t shift = says_bounce ? 0 : offset;
        json line;
        switch (one.kind) {
        case Said::Play: line = {{"t", "play"}, {"data", std::vector<int>(one.data, one.data + one.size)}, {"at", one.at + shift}}; break;
        case Said::Transport:
            line = {{"t", "transport"}, {"at", one.at + shift}, {"playing", one.playing}, {"bpm", one.bpm}, {"beat", one.beat},
                    {"metre", std::to_string(one.beats) + "/" + std::to_string(one.unit)}};
            break;
        case Said::Block:
            send_controls();
            line = {{"t", "block"}, {"at", one.at}, {"until", one.until}};
            break;
        case Said::Live: line = {{"t", "live"}}; break;
        }
        out += line.dump() + "\n";
    }
}

void Seat::send_controls() {
    const uint64_t which = changed.exchange(0);
    for (int i = 0; i < CONTROL_COUNT; ++i)
        if (which >> i & 1) {
            const float value = values[i];
            json line{{"t", "set"}, {"name", CONTROLS[i].name}};
            if (CONTROLS[i].words.empty()) line["value"] = value;
            else line["value"] = CONTROLS[i].words[std::size_t(value + .5f)];
            out += line.dump() + "\n";
        }
}

void Seat::send_ping() { out += json{{"t", "ping"}, {"at", now()}}.dump() + "\n"; }

// The audio thread takes all each block; where it does not run, nothing is lost by forgetting.
void Seat::give(Due one) {
    one.bounce = hears_bounce;
    if (was_full && due.push({Due::Cut, 0, {}, 0, hears_bounce})) was_full = false;
    if (!was_full && !due.push(one)) was_full = true;
}

void Seat::hear(const std::string& line) {
    try {
        const json told = json::parse(line);
        const std::string t = told.at("t");
        if (t == "music") {
            const int64_t shift = hears_bounce ? 0 : offset;
            for (const auto& one : told.at("music")) {
                if (one.is_array()) {
                    Due due{Due::Message};
                    due.at = one.at(0).get<int64_t>() - shift;
                    due.size = uint8_t(std::min<std::size_t>(one.size() - 1, 3));
                    for (int i = 0; i < due.size; ++i) due.data[i] = one.at(std::size_t(i) + 1).get<uint8_t>();
                    give(due);
                } else if (one.contains("cut")) {
                    if (one["cut"].empty()) give({Due::Cut});
                    for (const auto& note : one["cut"])
                        give({Due::Cut, 2, {note.at(0).get<uint8_t>(), note.at(1).get<uint8_t>(), 0}});
                }
            }
        } else if (t == "bounce" || t == "live") {
            hears_bounce = t == "bounce";
        } else if (t == "done") {
            give({Due::Done, 0, {}, told.at("until").get<int64_t>()});
        } else if (t == "pong") {
            const int64_t sent = told.at("at"), back = now();
            trips.emplace_back(back - sent, told.at("now").get<int64_t>() - (sent + back) / 2);
            if (trips.size() > 6) trips.erase(trips.begin());
            offset = std::min_element(trips.begin(), trips.end())->second;
        } else if (t == "hello") {
            if (trips.empty()) offset = told.at("now").get<int64_t>() - now();
            page = told.value("page", "");
            remember(told.value("model", ""));
            greeted = true;
            connected = true;
            answered = greeting;
            refusals = 0;
            refusal.clear();
        } else if (t == "refused" || (t == "line" && told.value("kind", "") == "bad")) {
            const std::string why = told.value("line", "");
            if (greeted || why != refusal) std::fprintf(stderr, "livegen: %s\n", why.c_str());
            if (!greeted) ++refusals, refusal = why, lost = true;
        }
    } catch (const json::exception& fault) {
        std::fprintf(stderr, "livegen: a line of livegen was not understood, so the connection is ended: %s\n", fault.what());
        lost = true;
    }
}
