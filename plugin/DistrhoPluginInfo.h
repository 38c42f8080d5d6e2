// The facts of the plug-in that DPF asks for.  `SILENT_BUS` is set where a host wants an instrument with sound (VST3).
#pragma once

#define DISTRHO_PLUGIN_BRAND "livegen"
#define DISTRHO_PLUGIN_NAME "livegen"
#define DISTRHO_PLUGIN_URI "urn:livegen:jam"
#define DISTRHO_PLUGIN_CLAP_ID "livegen.jam"
#define DISTRHO_PLUGIN_BRAND_ID Lvgn
#define DISTRHO_PLUGIN_UNIQUE_ID LvJm

#define DISTRHO_PLUGIN_HAS_UI 0
#define DISTRHO_PLUGIN_IS_RT_SAFE 1
#define DISTRHO_PLUGIN_NUM_INPUTS 0
#ifdef SILENT_BUS
#define DISTRHO_PLUGIN_IS_SYNTH 1
#define DISTRHO_PLUGIN_NUM_OUTPUTS 2
#define DISTRHO_PLUGIN_VST3_CATEGORIES "Instrument|Stereo"
#else
#define DISTRHO_PLUGIN_NUM_OUTPUTS 0
#define DISTRHO_PLUGIN_LV2_CATEGORY "lv2:MIDIPlugin"
#define DISTRHO_PLUGIN_CLAP_FEATURES "note-effect", "utility"
#endif
#define DISTRHO_PLUGIN_WANT_MIDI_INPUT 1
#define DISTRHO_PLUGIN_WANT_MIDI_OUTPUT 1
#define DISTRHO_PLUGIN_WANT_TIMEPOS 1
#define DISTRHO_PLUGIN_WANT_STATE 1 // without it a CLAP keeps no parameters in a session
#define DISTRHO_PLUGIN_WANT_FULL_STATE 1
