"""Chromaticities of primaries, and the matrices from linear RGB to CIE XYZ relative to D50, ICC's white point."""

from __future__ import annotations

Vector = tuple[float, float, float]
Matrix = tuple[Vector, Vector, Vector]
Chromaticities = tuple[float, float, float, float, float, float, float, float]
"""x and y of white, red, green and blue."""

D50: Vector = (0.9642, 1.0, 0.8249)
"""ICC.1:2022, 7.2.16."""

_BRADFORD: Matrix = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
_D65 = (0.3127, 0.3290)
_C = (0.310, 0.316)

#: ITU-T H.273, table 2, by ColourPrimaries.
PRIMARIES: dict[int, Chromaticities] = {
    1: (*_D65, 0.640, 0.330, 0.300, 0.600, 0.150, 0.060),
    4: (*_C, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08),
    5: (*_D65, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06),
    6: (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    7: (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    8: (*_C, 0.681, 0.319, 0.243, 0.692, 0.145, 0.049),
    9: (*_D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    11: (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    12: (*_D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    22: (*_D65, 0.630, 0.340, 0.295, 0.605, 0.155, 0.077),
}
BT_709 = PRIMARIES[1]


def to_xyz(chromaticities: Chromaticities) -> Matrix:
    """Return the matrix from linear RGB to XYZ, adapted to D50 by the Bradford transform (ICC.1:2022, annex E).

    Raises ``ZeroDivisionError`` for chromaticities that span no colours.
    """
    xs, ys = chromaticities[0::2], chromaticities[1::2]
    white, *colours = [(x / y, 1.0, (1 - x - y) / y) for x, y in zip(xs, ys, strict=True)]
    unscaled = _transposed((colours[0], colours[1], colours[2]))
    strengths = applied(inverse(unscaled), white)
    scaled: Matrix = tuple(  # type: ignore[assignment]
        tuple(value * strength for value, strength in zip(row, strengths, strict=True)) for row in unscaled
    )
    return product_of(_adaptation(white), scaled)


def _adaptation(white: Vector) -> Matrix:
    source, target = applied(_BRADFORD, white), applied(_BRADFORD, D50)
    gains: Matrix = (
        (target[0] / source[0], 0.0, 0.0),
        (0.0, target[1] / source[1], 0.0),
        (0.0, 0.0, target[2] / source[2]),
    )
    return product_of(inverse(_BRADFORD), product_of(gains, _BRADFORD))


def applied(matrix: Matrix, vector: Vector) -> Vector:
    """Return the product of a matrix and a column."""
    x, y, z = vector
    first, second, third = matrix
    return (
        first[0] * x + first[1] * y + first[2] * z,
        second[0] * x + second[1] * y + second[2] * z,
        third[0] * x + third[1] * y + third[2] * z,
    )


def inverse(matrix: Matrix) -> Matrix:
    """Return the inverse of a matrix. Raises ``ZeroDivisionError`` if it has none."""
    (a, b, c), (d, e, f), (g, h, i) = matrix
    determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    return (
        ((e * i - f * h) / determinant, (c * h - b * i) / determinant, (b * f - c * e) / determinant),
        ((f * g - d * i) / determinant, (a * i - c * g) / determinant, (c * d - a * f) / determinant),
        ((d * h - e * g) / determinant, (b * g - a * h) / determinant, (a * e - b * d) / determinant),
    )


def product_of(left: Matrix, right: Matrix) -> Matrix:
    """Return the product of two matrices."""
    columns = _transposed(right)
    return _transposed((applied(left, columns[0]), applied(left, columns[1]), applied(left, columns[2])))


def _transposed(matrix: Matrix) -> Matrix:
    (a, b, c), (d, e, f), (g, h, i) = matrix
    return (a, d, g), (b, e, h), (c, f, i)
