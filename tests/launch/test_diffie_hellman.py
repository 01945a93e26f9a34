import base64

from conformance.launch.diffie_hellman import parameters

# Of RFC 7919, appendix A.1: the beginning and the end of the group's prime.
BEGINNING = "FFFFFFFFFFFFFFFFADF85458A2BB4A9AAFDC5620273D3CF1D8B9C583CE2D3695"
END = "61285C97FFFFFFFFFFFFFFFF"


def test_the_parameters_are_the_prime_and_generator_of_ffdhe2048() -> None:
    first, *lines, last = parameters().decode().splitlines()
    assert (first, last) == ("-----BEGIN DH PARAMETERS-----", "-----END DH PARAMETERS-----")
    der = base64.b64decode("".join(lines))
    assert der[:9] == bytes.fromhex("30820108 0282010100")
    prime, generator = der[9:265], der[265:]
    assert prime.hex().upper().startswith(BEGINNING)
    assert prime.hex().upper().endswith(END)
    assert generator == bytes.fromhex("020102")


def test_the_prime_is_a_safe_one() -> None:
    der = base64.b64decode(b"".join(parameters().splitlines()[1:-1]))
    prime = int.from_bytes(der[9:265], "big")
    half = (prime - 1) // 2
    assert all(pow(base, number - 1, number) == 1 for number in (prime, half) for base in (2, 3))
