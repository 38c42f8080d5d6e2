// Written by `python -m tests.test_plugin_controls` from livegen's table of controls.
#pragma once

#include <vector>

struct Control {
    const char *name, *label, *unit;
    float usual, low, high;
    bool whole;
    std::vector<const char*> words; // of a choice: its value is the number of a word
};

constexpr int CONTROL_COUNT = 25;
inline const Control CONTROLS[CONTROL_COUNT] = {
    {"mode", "Mode", "", 0.0f, 0.0f, 6.0f, true, {"respond", "continue", "trade", "accompany", "harmonise", "solo", "listen"}},
    {"start", "Start", "", 2.0f, 0.0f, 2.0f, true, {"now", "beat", "bar"}},
    {"trade", "Trade", "bars", 4.0f, 1.0f, 16.0f, true, {}},
    {"temperature", "Temperature", "", 1.0f, 0.1f, 2.0f, false, {}},
    {"nucleus", "Nucleus", "", 0.95f, 0.05f, 1.0f, false, {}},
    {"density", "Density", "", 1.0f, 0.25f, 4.0f, false, {}},
    {"energy", "Energy", "", 0.5f, 0.0f, 1.0f, false, {}},
    {"adherence", "Adherence", "", 1.0f, 0.0f, 1.0f, false, {}},
    {"groove", "Groove", "", 0.5f, 0.0f, 1.0f, false, {}},
    {"follow", "Follow", "", 0.5f, 0.0f, 1.0f, false, {}},
    {"theme", "Theme", "", 0.8f, 0.0f, 1.0f, false, {}},
    {"memory", "Memory", "", 0.0f, 0.0f, 1.0f, false, {}},
    {"feel", "Feel", "", 0.0f, 0.0f, 1.0f, false, {}},
    {"transpose", "Transpose", "semitones", 0.0f, -11.0f, 11.0f, true, {}},
    {"offset", "Offset", "ms", 0.0f, -200.0f, 200.0f, false, {}},
    {"variation", "Variation", "", 1.0f, 0.0f, 3.0f, true, {"A", "B", "C", "D"}},
    {"quantise", "Quantise", "", 0.0f, 0.0f, 3.0f, true, {"off", "1/8", "1/16", "1/8T"}},
    {"lead_mute", "Lead mute", "", 0.0f, 0.0f, 1.0f, true, {"off", "on"}},
    {"lead_level", "Lead level", "", 1.0f, 0.0f, 2.0f, false, {}},
    {"comp_mute", "Comp mute", "", 0.0f, 0.0f, 1.0f, true, {"off", "on"}},
    {"comp_level", "Comp level", "", 1.0f, 0.0f, 2.0f, false, {}},
    {"bass_mute", "Bass mute", "", 0.0f, 0.0f, 1.0f, true, {"off", "on"}},
    {"bass_level", "Bass level", "", 1.0f, 0.0f, 2.0f, false, {}},
    {"drums_mute", "Drums mute", "", 0.0f, 0.0f, 1.0f, true, {"off", "on"}},
    {"drums_level", "Drums level", "", 1.0f, 0.0f, 2.0f, false, {}},
};
