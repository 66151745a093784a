/* A scratch array that is kept from call to call and grows when a longer row comes. */

#include "attention.h"
#include <math.h>
#include <stdlib.h>

static float *scratch; static int room;
static float *at_least(int n){ if(n>room){ float *p=realloc(scratch,sizeof(float)*(size_t)n); if(!p) return NULL; scratch=p; room=n; } return scratch; }

static int soft_row(float*r,int n){ float *e=at_least(n); if(!e) return 0; float m=r[0],s=0; for(int i=1;i<n;i++) m=fmaxf(m,r[i]); for(int i=0;i<n;i++){ e[i]=expf(r[i]-m); s+=e[i]; } for(int i=0;i<n;i++) r[i]=e[i]/s; return 1; }

static void scale_all(Tensor *s,int dk){ for(size_t i=0;i<s->size;i++) s->data[i]/=sqrtf((float)dk); }

static void mask_all(Tensor *s,const Tensor *m){ for(size_t i=0;i<s->size;i++)
 if(m->data[tensor_broadcast_index(m,s,i)]==0) s->data[i]=ATTENTION_MASKED_SCORE; }

static int soft_all(Tensor *s){ int n=tensor_axis(s,-1); for(size_t i=0;i<s->size;i+=n) if(!soft_row(s->data+i,n)) return 0; return 1; }

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V, const Tensor *mask)
{
    AttentionResult r = {NULL, NULL};
    Tensor *kt = tensor_swap_last_axes(K);
    Tensor *s = tensor_matmul(Q, kt);
    tensor_free(kt);
    if (!s) return r;
    if (mask && !tensor_broadcasts(mask, s)) { tensor_free(s); return r; }
    scale_all(s, tensor_axis(Q, -1));
    if (mask) mask_all(s, mask);
    if (!soft_all(s)) { tensor_free(s); return r; }
    r.output = tensor_matmul(s, V);
    if (!r.output) { tensor_free(s); return r; }
    r.weights = s;
    return r;
}

Tensor *create_causal_mask(int n){ Tensor *t=tensor_create(2,(int[]){n,n}); if(!t) return NULL;
 for(int i=0;i<n;i++) for(int j=0;j<=i;j++) t->data[i*n+j]=1; return t; }

Tensor *create_padding_mask(const int *len,int B,int L){ if(!len) return NULL;
 for(int b=0;b<B;b++) if(len[b]<0||len[b]>L) return NULL;
 Tensor *t=tensor_create(3,(int[]){B,L,L}); if(!t) return NULL;
 for(int b=0;b<B;b++) for(int i=0;i<len[b];i++) for(int j=0;j<len[b];j++) t->data[(b*L+i)*L+j]=1; return t; }

Tensor *create_bidirectional_mask(int n){ Tensor *t=tensor_create(2,(int[]){n,n}); if(t) tensor_fill(t,1); return t; }

SelfAttention *self_attention_create(int d){ if(d<1) return NULL; SelfAttention *a=malloc(sizeof *a); if(a) a->d_model=d; return a; }

AttentionResult self_attention_forward(const SelfAttention *a,const Tensor *x,const Tensor *m){
 if(!a||!x||tensor_axis(x,-1)!=a->d_model) return (AttentionResult){NULL,NULL};
 return scaled_dot_product_attention(x,x,x,m); }

void self_attention_free(SelfAttention *a){ free(a); }

