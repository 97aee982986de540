"""Words, their methods, and what goes wrong with them."""

import threading
from typing import Any

import pytest
from phiml_core.dispatch import (
    AmbiguousMethod,
    DispatchError,
    NoMethod,
    UnfaithfulAnnotation,
    autoload,
    epoch,
    generic,
    methods,
    registration,
    which,
    words,
)


class Animal:
    pass


class Dog(Animal):
    pass


class Puppy(Dog):
    pass


@pytest.fixture
def sound():
    @generic(on="animal")
    def sound(animal: Any, loud: bool = False, *, times: int = 1) -> str:
        """What an animal says."""

    @sound.dispatch
    def _(animal: Animal, loud, *, times):
        return "…" * times

    @sound.dispatch
    def _(animal: Dog, loud, *, times):
        return ("WOOF" if loud else "woof") * times

    return sound


def test_the_most_specific_method_is_called(sound):
    assert sound(Animal()) == "…"
    assert sound(Dog()) == sound(Puppy()) == "woof"


def test_keywords_and_defaults_are_python_s(sound):
    assert sound(animal=Dog(), loud=True, times=2) == "WOOFWOOF"
    with pytest.raises(TypeError, match="quiet"):
        sound(Dog(), quiet=True)
    with pytest.raises(TypeError):
        sound(Dog(), True, 2)


def test_a_new_method_counts_at_once(sound):
    assert sound(Puppy()) == "woof"
    sound.register((Puppy,), lambda animal, loud, *, times: "yip")
    assert sound(Puppy()) == "yip"
    sound.register((Puppy,), lambda animal, loud, *, times: "yap")
    assert sound(Puppy()) == "yap"
    assert len(sound.methods.methods) == 3


def test_no_method_names_the_class_and_the_methods(sound):
    with pytest.raises(NoMethod, match=r"sound\(\) has no method for \(builtins\.str\)") as caught:
        sound("cat")
    assert "(Dog)" in str(caught.value) and "test_dispatch" in str(caught.value)
    assert isinstance(caught.value, DispatchError) and isinstance(caught.value, TypeError)


def test_a_body_is_the_fallback():
    @generic
    def size(value: Any) -> int:
        """Number of things."""
        return 1

    size.register((list,), len)
    assert size(3) == 1 and size([1, 2]) == 2


def test_all_parameters_without_default_dispatch():
    @generic
    def meet(a: Any, b: Any, how: str = "well") -> str:
        """Two meet."""

    meet.register((Animal, Dog), lambda a, b, how: f"1 {how}")
    assert meet(Dog(), Dog()) == "1 well"
    assert meet(Dog(), Puppy(), how="badly") == "1 badly"
    with pytest.raises(NoMethod):
        meet(Dog(), Animal())


def test_ambiguity_names_the_rivals():
    @generic
    def meet(a: Any, b: Any) -> str:
        """Two meet."""

    meet.register((Animal, Dog), lambda a, b: "1")
    meet.register((Dog, Animal), lambda a, b: "2")
    with pytest.raises(AmbiguousMethod, match="ambiguous between") as caught:
        meet(Dog(), Dog())
    assert "(Animal, Dog)" in str(caught.value) and "(Dog, Animal)" in str(caught.value)
    meet.register((Dog, Dog), lambda a, b: "3")
    assert meet(Dog(), Dog()) == "3"


def test_a_priority_decides():
    @generic
    def meet(a: Any, b: Any) -> str:
        """Two meet."""

    meet.register((Animal, Dog), lambda a, b: "1", priority=1)
    meet.register((Dog, Animal), lambda a, b: "2")
    assert meet(Dog(), Dog()) == "1"


@pytest.mark.parametrize("annotation", [list[int], tuple[int, ...], "Missing"])
def test_unfaithful_annotations_are_refused(sound, annotation):
    def method(animal, loud, *, times):
        return ""

    method.__annotations__["animal"] = annotation
    with pytest.raises(UnfaithfulAnnotation, match="sound"):
        sound.dispatch(method)
    assert len(sound.methods.methods) == 2


def test_unions_stand_for_each_of_their_classes(sound):
    @sound.dispatch
    def _(animal: str | int | None, loud, *, times):
        return "word"

    assert sound("a") == sound(1) == sound(None) == "word"
    with pytest.raises(NoMethod):
        sound(1.0)


def test_the_word_looks_like_the_declared_function(sound):
    assert sound.__name__ == "sound" and sound.__doc__ == "What an animal says."
    assert sound.__annotations__["loud"] is bool
    assert sound in words()
    with pytest.raises(TypeError, match="must dispatch on at least one"):
        generic(on="other")(lambda value: None)
    with pytest.raises(TypeError, match="2 classes were given"):
        sound.register((Dog, Dog), print)


def test_methods_and_which(sound):
    assert [m.classes for m in methods(sound)] == [(Animal,), (Dog,)]
    text = str(which(sound, Puppy()))
    assert "Dog" in text
    assert sound.resolve(Puppy)(Puppy(), False, times=1) == "woof"


def test_a_failed_registration_leaves_nothing(sound):
    before = epoch()
    with pytest.raises(ZeroDivisionError), registration("broken"):
        sound.register((str,), lambda animal, loud, *, times: "")
        assert sound("x") == ""
        raise ZeroDivisionError
    with pytest.raises(NoMethod):
        sound("x")
    assert epoch() > before


def test_only_changes_of_words_that_were_called_concern_what_is_compiled():
    @generic
    def word(value):
        """contract"""

    before = epoch()
    word.register((int,), lambda value: 1)
    assert epoch() == before and word(2) == 1
    word.register((str,), lambda value: 2)
    assert epoch() > before  # any of its methods might be more specific
    before = epoch()
    word.register((float,), lambda value: 3)
    assert epoch() == before
    with pytest.raises(NoMethod):
        word(b"")
    word.register((bytes,), lambda value: 4)
    assert epoch() > before and word(b"") == 4


def test_an_ambiguous_registration_is_rolled_back():
    @generic
    def meet(a: Any, b: Any) -> str:
        """Two meet."""

    meet.register((Animal, Dog), lambda a, b: "1")
    with pytest.raises(AmbiguousMethod), registration("rival"):
        meet.register((Dog, Animal), lambda a, b: "2")
    assert meet(Dog(), Dog()) == "1"


def test_the_owner_is_the_plugin(sound):
    with registration("the plugin"):
        sound.register((str,), lambda animal, loud, *, times: "")
    assert [m.owner for m in methods(sound)][-1] == "the plugin"


def test_a_missing_method_asks_for_a_provider(sound, monkeypatch):
    asked = []

    def load(classes):
        asked.append(classes)
        sound.register((bytes,), lambda animal, loud, *, times: "loaded")
        return True

    monkeypatch.setattr(autoload, "load_provider", load)
    assert sound(b"") == "loaded"
    assert asked == [(bytes,)]


def test_threads_find_the_same_method(sound):
    classes = [type(f"Dog{i}", (Dog,), {}) for i in range(50)]
    wrong = []

    def work():
        for cls in classes:
            if sound(cls()) != "woof":
                wrong.append(cls)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert wrong == []
