"""Augmentation as Keras layers: one sampling pass for everything geometric, one for light.

Every layer takes its randomness from a seed given with the batch, so that a run that was cut and resumed sees the very
pictures that an unbroken run sees. Pictures are float32 (batch, height, width, 3) in 0..255, RGB.
"""

import math
from typing import Any, NamedTuple

import keras
import tensorflow as tf


class Views(NamedTuple):
    """How far a training picture may differ from what `fit` makes of the photo.

    Attributes:
        zoom: least and greatest part of the picture that is seen, as a factor of its sides; above 1 it lies small.
        aspect: greatest stretch of one side against the other, as a factor.
        rotation: greatest turn in degrees.
        shear: greatest slant in degrees.
        flip: whether a picture may be mirrored.
        light: greatest change of brightness, as a factor; also bounds gamma and contrast.
        colour: greatest change of saturation, and half of the greatest colour cast, 0..1.
        grey: share of pictures without colour.
        blur: share of pictures that are blurred, as by an unsharp lens.
        noise: greatest standard deviation of sensor noise, in levels of 255.
        erase: share of pictures of which a rectangle is painted over.
        paste: share of pictures that are shown small, somewhere in another scene.
    """

    zoom: tuple[float, float] = (1.0, 1.0)
    aspect: float = 1.0
    rotation: float = 0.0
    shear: float = 0.0
    flip: bool = True
    light: float = 1.0
    colour: float = 0.0
    grey: float = 0.0
    blur: float = 0.0
    noise: float = 0.0
    erase: float = 0.0
    paste: float = 0.0


def _uniform(seed: Any, number: int, shape: tuple[Any, ...], low: float = 0.0, high: float = 1.0) -> Any:
    """Return the `number`-th independent draw of a seed, float32 in [low, high)."""
    return tf.random.stateless_uniform(shape, tf.stack([seed[0], seed[1] * 64 + number]), low, high)


class RandomView(keras.layers.Layer):
    """Cut, stretch, turn, slant and mirror, as one bilinear sampling; the border is mirrored outwards."""

    def __init__(self, views: Views, side: int) -> None:
        super().__init__(dtype="float32")
        self.views, self.side = views, side

    def call(self, images: Any, seed: Any) -> Any:
        """Return (batch, side, side, 3); seed is int32 (2,)."""
        views, count = self.views, tf.shape(images)[0]
        height, width = tf.cast(tf.shape(images)[1], tf.float32), tf.cast(tf.shape(images)[2], tf.float32)
        low, high = (math.log(limit) for limit in views.zoom)
        zoom = tf.exp(_uniform(seed, 0, (count,), low, high))
        stretch = tf.exp(_uniform(seed, 1, (count,), -0.5, 0.5) * math.log(views.aspect))
        scale_x, scale_y = zoom * stretch, zoom / stretch
        turn = _uniform(seed, 2, (count,), -1, 1) * math.radians(views.rotation)
        slant = tf.tan(_uniform(seed, 3, (count,), -1, 1) * math.radians(views.shear))
        mirror = tf.sign(_uniform(seed, 4, (count,), -0.5, 0.5)) if views.flip else tf.ones((count,))
        # The window may wander over the picture, or, where it is larger, the picture inside it.
        shift_x = _uniform(seed, 5, (count,), -1, 1) * tf.abs(1 - scale_x)
        shift_y = _uniform(seed, 6, (count,), -1, 1) * tf.abs(1 - scale_y)
        # From output to input, in units where the picture spans -1..1: shift + scale . rotation . shear . mirror
        cos, sin = tf.cos(turn), tf.sin(turn)
        a, b = scale_x * cos * mirror, scale_x * (cos * slant - sin)
        c, d = scale_y * sin * mirror, scale_y * (sin * slant + cos)
        # And to pixels: x = (u + 1) * width / 2 - 0.5, on both sides.
        side = float(self.side)
        ax, bx = a * width / side, b * width / side
        cy, dy = c * height / side, d * height / side
        rest = (1 - side) / side
        x0 = (shift_x + a * rest + b * rest + 1) * width / 2 - 0.5
        y0 = (shift_y + c * rest + d * rest + 1) * height / 2 - 0.5
        zero = tf.zeros_like(ax)
        return tf.raw_ops.ImageProjectiveTransformV3(
            images=images,
            transforms=tf.stack([ax, bx, x0, cy, dy, y0, zero, zero], axis=1),
            output_shape=[self.side, self.side],
            interpolation="BILINEAR",
            fill_mode="REFLECT",
            fill_value=0.0,
        )


class RandomPaste(keras.layers.Layer):
    """Show some pictures at 30 to 70 % of the frame's sides, somewhere in a scene that holds no other class.

    The scene is a picture of the fallback class from the same batch; where there is none, four by four patches of the
    picture's own colours.
    """

    def __init__(self, share: float, fallback: int | None) -> None:
        super().__init__(dtype="float32")
        self.share, self.fallback = share, fallback

    def call(self, images: Any, targets: Any, seed: Any) -> Any:
        """Return pictures (batch, side, side, 3) of the same targets (batch, classes); seed is int32 (2,)."""
        side, count = images.shape[1], round(self.share * 32) * tf.shape(images)[0] // 32
        chosen = images[:count]  # the batch is in random order
        colours = tf.image.resize(tf.image.resize(chosen, (4, 4), "area"), (side, side))
        scenes = colours
        if self.fallback is not None:
            empty = targets[:, self.fallback]
            found = tf.argsort(empty, direction="DESCENDING", stable=True)[:count]
            scenes = tf.where(tf.gather(empty, found)[:, None, None, None] == 1, tf.gather(images, found), colours)
        scale = 1 / _uniform(seed, 10, (count,), 0.3, 0.7)
        top, left = (_uniform(seed, number, (count,)) * (1 - scale) * (side - 1) for number in (11, 12))
        zero = tf.zeros_like(scale)
        small = tf.raw_ops.ImageProjectiveTransformV3(
            images=_blurred(chosen),  # what lies between the sampled pixels must not be lost
            transforms=tf.stack([scale, zero, left, zero, scale, top, zero, zero], axis=1),
            output_shape=[side, side],
            interpolation="BILINEAR",
            fill_mode="CONSTANT",
            fill_value=-1e6,  # so that a border pixel, a blend of both, counts as outside, too
        )
        return tf.concat([tf.where(tf.reduce_min(small, -1, keepdims=True) < 0, scenes, small), images[count:]], 0)


class RandomLight(keras.layers.Layer):
    """Brightness, gamma, contrast, saturation, colour cast, grey, blur, noise and an erased rectangle."""

    def __init__(self, views: Views) -> None:
        super().__init__(dtype="float32")
        self.views = views

    def call(self, images: Any, seed: Any) -> Any:
        """Return pictures of the same shape, in 0..255; seed is int32 (2,)."""
        views, count = self.views, tf.shape(images)[0]
        one = (count, 1, 1, 1)
        if views.blur:
            images = tf.where(_uniform(seed, 20, one) < views.blur, _blurred(images), images)
        if views.light > 1:
            # A bent tone curve for gamma: a power takes a tenth of a whole training step, this nothing.
            bend = _uniform(seed, 21, one, -0.5, 0.5) * math.log(views.light) / 255
            images += bend * images * (255 - images)
        if views.light > 1 or views.colour or views.grey:
            images = self._coloured(images, seed)
        if views.noise:
            level = _uniform(seed, 27, one, 0, views.noise) * math.sqrt(12)
            images += level * _uniform(seed, 28, tf.shape(images), -0.5, 0.5)
        images = tf.clip_by_value(images, 0, 255)
        return _erased(images, seed, views.erase) if views.erase else images

    def _coloured(self, images: Any, seed: Any) -> Any:
        """Change contrast, gain, saturation and cast: together one 3 x 3 matrix and one shift a picture."""
        views, count = self.views, tf.shape(images)[0]
        one, span = (count, 1, 1), math.log(max(1.0, views.light))
        gain = tf.exp(_uniform(seed, 22, one, -span, span))
        contrast = tf.exp(_uniform(seed, 23, one, -span, span) * 0.5)
        kept = 1 + _uniform(seed, 24, one, -views.colour, views.colour)
        kept = tf.where(_uniform(seed, 25, one) < views.grey, tf.zeros_like(kept), kept)
        cast = 1 + _uniform(seed, 26, (count, 1, 3), -views.colour, views.colour) * 0.5
        grey = tf.constant([[0.299], [0.587], [0.114]])  # ITU-R BT.601
        matrix = (kept * tf.eye(3) + (1 - kept) * grey) * cast * gain
        mean = tf.reduce_mean(images, (1, 2, 3))[:, None, None]
        shift = (1 - contrast) * mean * cast * gain  # a grey of that mean stays where it is
        pixels = tf.matmul(tf.reshape(images, (count, -1, 3)), matrix * contrast) + shift
        return tf.reshape(pixels, (-1, *images.shape[1:]))


def _blurred(images: Any) -> Any:
    """Return pictures smoothed by a binomial 5 x 5 kernel (standard deviation 1 pixel)."""
    images = tf.pad(images, ((0, 0), (2, 2), (2, 2), (0, 0)), "SYMMETRIC")
    line = tf.constant([1.0, 4.0, 6.0, 4.0, 1.0]) / 16
    for shape in ((5, 1, 1, 1), (1, 5, 1, 1)):
        kernel = tf.tile(tf.reshape(line, shape), [1, 1, 3, 1])
        images = tf.nn.depthwise_conv2d(images, kernel, [1, 1, 1, 1], "VALID")
    return images


def _erased(images: Any, seed: Any, share: float) -> Any:
    """Paint a rectangle of 2 to 20 % of the area in one random colour (Zhong et al., Random Erasing, 2017)."""
    count, side = tf.shape(images)[0], tf.cast(tf.shape(images)[1], tf.float32)
    area, form = _uniform(seed, 30, (count,), 0.02, 0.2), tf.exp(_uniform(seed, 31, (count,), -0.7, 0.7))
    height, width = tf.sqrt(area * form), tf.sqrt(area / form)
    line = (tf.range(side) + 0.5)[None, :] / side

    def inside(number: int, length: Any) -> Any:
        start = _uniform(seed, number, (count,)) * (1 - length)
        return (line >= start[:, None]) & (line < (start + length)[:, None])

    chosen = _uniform(seed, 34, (count,)) < share
    box = inside(32, height)[:, :, None] & inside(33, width)[:, None, :] & chosen[:, None, None]
    colour = _uniform(seed, 35, (count, 1, 1, 3), 0, 255)
    return tf.where(box[..., None], colour, images)
