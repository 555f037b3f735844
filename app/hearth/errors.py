"""The exceptions of Hearth. Each one's text is a sentence for a person: what is wrong and what to do."""


class HearthError(Exception):
    """Base of every error that Hearth raises on purpose."""


class BadImage(HearthError):
    """The bytes are not a picture that can be read."""


class BadSound(HearthError):
    """The bytes are not sound that can be read, or the sound can't be analysed."""


class TooLarge(HearthError):
    """The input is over a limit; the text names the limit."""


class NoSubject(HearthError):
    """The network found nothing that stands out from its background."""


class BadModel(HearthError):
    """A model file is damaged, or breaks the rules of ONNX."""


class BadIndex(BadModel):
    """A node was told to take what lies outside of a tensor."""


class MissingModel(BadModel):
    """A model file is not there or can't be opened."""


class DamagedModel(BadModel):
    """The bytes are no model file, or one that was cut short or spoilt."""


class Unsupported(HearthError):
    """A model asks for something that this runtime does not have."""


class ExecutorFailed(HearthError):
    """An executor can't go on (its device is lost, its memory is full); another one may take over."""


class NotANumber(ExecutorFailed):
    """An executor gave a result that is no number, for feeds that are."""


class LostTensor(HearthError):
    """A tensor that was on a device can't be read any more."""


class BadInput(HearthError):
    """An input handed to a model does not fit the model's signature."""


class DownloadFailed(HearthError):
    """A file could not be fetched, or is not the file that was expected."""


class Cancelled(HearthError):
    """The person stopped the job."""
