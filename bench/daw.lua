-- A session of Ardour without a screen, led by lines on standard input; every answer ends with a line "ok".
--
-- Two MIDI tracks: "Player" plays written notes to the model, "Model" records what comes back.  Positions are
-- beats, lengths too.  Run by bench/ardour.py with `ardour7-lua daw.lua FOLDER NAME BPM [LOOP-FROM LOOP-TO]`.

local folder, name, bpm = arg[1], arg[2], tonumber(arg[3])
local loop_from, loop_to = tonumber(arg[4]), tonumber(arg[5])
local midi, rate = ARDOUR.DataType("midi"), 48000
local UI, alone = ARDOUR.TransportRequestSource.TRS_UI, PBD.GroupControlDisposition.NoGroup

assert(not AudioEngine:set_backend("JACK", "ardour", ""):isnil(), "no JACK")
assert(AudioEngine:start(false) == 0, "JACK does not answer")
local session = create_session(folder, name, rate)

local function track(called)
	local one = ARDOUR.ChanCount(midi, 1)
	local made = session:new_midi_track(one, one, true, ARDOUR.PluginInfo(), nil, nil, 1, called,
		ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal, false, false)
	for route in made:iter() do return route:to_track() end
end

local function beats(position) return Temporal.Beats.from_double(position) end

-- Beats have no methods, but they print as beats:ticks.
local function number(of)
	local whole, rest = tostring(of):match("^(-?%d+):(-?%d+)$")
	return whole + rest / Temporal.ticks_per_beat
end

local function at(position) return math.floor(position * 60 / bpm * rate + 0.5) end

-- No function makes a loop: a range is saved, renamed in the file, and the session loaded again.
local function with_loop()
	session:locations():add_range(Temporal.timepos_t(at(loop_from)), Temporal.timepos_t(at(loop_to)))
	session:save_state("")
	close_session()
	local path = folder .. "/" .. name .. ".ardour"
	local file = io.open(path)
	local text = file:read("a"):gsub('flags="IsRangeMarker"', 'flags="IsAutoLoop,IsHidden"')
	file:close()
	file = io.open(path, "w")
	file:write(text)
	file:close()
	return load_session(folder, name)
end

if loop_from then session = with_loop() end

local function stop(abort)
	session:request_stop(abort, false, UI)
	repeat sleep(0.1) until not session:transport_rolling()
	sleep(0.5) -- what was recorded becomes a region
end

local function tempo(of, from)
	local map = Temporal.TempoMap.fetch_writable()
	map:set_tempo(Temporal.Tempo(of, of, 4), Temporal.timepos_t(from))
	Temporal.TempoMap.update(map)
end

local tracks = { Player = track("Player"), Model = track("Model") }

local function regions(of) return tracks[of]:playlist():region_list():iter() end

local commands = {}

-- Puts the notes of a file, one a line (position, length, pitch, velocity), in place of what a track has recorded:
-- only a recording makes a region.
function commands.write(which, path)
	local region
	for recorded in regions(which) do region = recorded:to_midiregion() end
	assert(region, "nothing was recorded")
	local notes = region:midi_source(0):model()
	local change, last = notes:new_note_diff_command("write"), 0
	for note in ARDOUR.LuaAPI.note_list(notes):iter() do change:remove(note) end
	for line in io.lines(path) do
		local position, length, pitch, velocity = line:match("(%S+) (%S+) (%S+) (%S+)")
		last = math.max(last, tonumber(position) + tonumber(length))
		change:add(ARDOUR.LuaAPI.new_noteptr(0, beats(tonumber(position)), beats(tonumber(length)),
			tonumber(pitch), tonumber(velocity)))
	end
	notes:apply_command(session, change)
	region:set_length(Temporal.timecnt_t.from_ticks(math.floor((last + 1) * Temporal.ticks_per_beat),
		region:position()), 0)
	print("region", region:position():samples(), region:start():samples(), region:length():samples())
end

function commands.connect(from, to)
	print("connected", AudioEngine:connect(from, to))
end

function commands.clock(word)
	ARDOUR.config():set_send_midi_clock(word == "on")
end

-- Without the pauses nothing is recorded: both take effect in other threads.
function commands.arm(which, word)
	tracks[which]:rec_enable_control():set_value(word == "on" and 1 or 0, alone)
	sleep(0.5)
	if word == "on" then session:maybe_enable_record() else session:disable_record(true, false) end
	sleep(0.3)
end

function commands.recording() print(session:actively_recording()) end

function commands.locate(position, after)
	local then_do = ARDOUR.LocateTransportDisposition
	session:request_locate(at(tonumber(position)), false, after == "roll" and then_do.MustRoll or then_do.MustStop, UI)
end

function commands.roll() session:request_roll(UI) end

function commands.loop() session:request_play_loop(true, false) end

function commands.stop() stop(false) end

function commands.where() print("beat", session:transport_sample() / rate * bpm / 60) end

-- Another tempo from a beat on; `where` and `locate` go on counting in the first.
function commands.tempo(of, position) tempo(tonumber(of), at(tonumber(position))) end

-- What a track has: onset and length in beats from the session's start, pitch, velocity, channel.
function commands.recorded(which)
	for region in regions(which) do
		local of = region:to_midiregion()
		local began = (region:position():ticks() - region:start():ticks()) / Temporal.ticks_per_beat
		print("region", began, region:length():ticks() / Temporal.ticks_per_beat)
		for note in ARDOUR.LuaAPI.note_list(of:midi_source(0):model()):iter() do
			print("note", began + number(note:time()), number(note:length()), note:note(),
				note:velocity(), note:channel())
		end
	end
end

function commands.eval(code)
	local chunk = load(code, "eval", "t", setmetatable({ session = session, tracks = tracks, UI = UI }, { __index = _G }))
	assert(chunk)()
end

function commands.save() session:save_state("") end

tempo(bpm, 0)
io.stdout:setvbuf("line")
print("ok")
for line in io.lines() do
	local words = {}
	for word in line:gmatch("[^\t]+") do words[#words + 1] = word end
	if words[1] == "quit" then break end
	local done, what = pcall(commands[words[1]], words[2], words[3])
	if not done then print("error", what) end
	sleep(0.01)
	print("ok")
end
close_session()
quit()
