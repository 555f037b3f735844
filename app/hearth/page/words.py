"""The sentences that Python says on the page, in one place."""

STAGES = {
    "model": "Fetching the model",
    "read": "Reading the photo",
    "prepare": "Preparing",
    "predict": "Finding the subject",
    "refine": "Refining the edges",
    "colours": "Cleaning the colours",
    "write": "Writing the PNG",
}
STAGE_NOW = "{title}: {percent} %"
STAGE_BEGINS = "{title}…"
MODEL_NOW = "Fetching the model: {loaded:.1f} of {total:.1f} MB, only once…"

WAITING = "Waiting for its turn."
STOPPED = "Stopped. Nothing was kept."
REDO_FAILED = "The redo failed; this is the earlier cutout. {text}"
REDO_STOPPED = "The redo was stopped; this is the earlier cutout."
DONE = "Done in {seconds} s."
DONE_LONG = "Done in {seconds:.0f} s."
FAILED_INSIDE = "Something broke inside Hearth ({what}). Try again; if it happens again, reload the page."
OUT_OF_MEMORY = "This device ran out of memory for this photo. Close other tabs, or use a smaller photo."
FILE_TOO_LARGE = "This file has {size} MB; the limit is {limit} MB. Save it smaller and drop it again."
UNREADABLE = "This file cannot be read any more. It was moved, changed or deleted after you dropped it; drop it again."
NOT_DECODED = "This photo cannot be decoded by this browser. Save it as PNG or JPEG and drop that."
BROKEN_MODEL = "The model arrived damaged and was not used. Check the connection and try again."
MODEL_FAILED = "The model could not be fetched: {reason}. Check the connection and try again."
WORKER_DIED = "Hearth had to start again in the middle of this photo. It probably ran out of memory; try a smaller one."

ENGINES = {
    "numpy": "Runs on your processor (numpy)",
    "wasm": "Runs on your processor",
    "webgpu": "Runs on your graphics card",
}
ENGINE_UNKNOWN = "Runs on your device"

SAY_WORKING = "Working on {name}."
SAY_DONE = "The cutout of {name} is ready to download."
SAY_FAILED = "{name}: {text}"
SAY_REMOVED = "{name} removed."
SAY_STOPPED = "{name} stopped."


def seconds_taken(seconds: float) -> str:
    """A sentence with the time that a job took."""
    return DONE_LONG.format(seconds=seconds) if seconds >= 10 else DONE.format(seconds=f"{seconds:.1f}")
