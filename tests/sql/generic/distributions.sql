{# A grid of quantiles is whole: as long as it has to be, from the lowest up, never negative, and 0 as far as the chance of nobody reaches. #}
{% test cuantiles_validos(model) %}
select *
from {{ model }}
where
    len(cuantiles) <> {{ puntos_de_cuantil() }}
    or cuantiles <> list_sort(cuantiles)
    or list_min(cuantiles) < 0
    or not isfinite(list_sum(cuantiles))
    or len([q for q in cuantiles if q > 0]) <> ({{ puntos_de_cuantil() }} - least(floor(round(({{ puntos_de_cuantil() }} + 1) * prob_sin_dictar, 3)), {{ puntos_de_cuantil() }}))
{% endtest %}
